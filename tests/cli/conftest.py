"""Commands of `flask --app wsgi …`, run in this process."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from tests.conftest import MakeApp
from tests.support.hub import HubProcess
from tests.support.shell import settings_of

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """`run("user", "list", input="typed text")` → `exit_code`, `stdout`, `stderr`; never an exception."""

    def run_command(*arguments: object, input: str | None = None) -> Result:
        result = app.test_cli_runner().invoke(args=[str(argument) for argument in arguments], input=input)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run_command


@pytest.fixture
def succeed(run: Run) -> Callable[..., str]:
    """Runs a command that must succeed; returns its stdout."""

    def run_well(*arguments: object, input: str | None = None) -> str:
        result = run(*arguments, input=input)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    return run_well


@pytest.fixture
def fail(run: Run) -> Callable[..., str]:
    """Runs a command that must fail with one line; returns its sentence."""

    def run_badly(*arguments: object, input: str | None = None) -> str:
        result = run(*arguments, input=input)
        assert result.exit_code == 1, result.output
        lines = [line for line in result.stderr.splitlines() if line]
        assert len(lines) == 1 and lines[0].startswith("Error: "), result.stderr
        return lines[0].removeprefix("Error: ")

    return run_badly


@pytest.fixture
def beside(make_app: MakeApp) -> Callable[..., Run]:
    """`beside(hub)("publish", "Demo", "hello")`: as `run`, with the settings of a running hub."""

    def start(hub: HubProcess, **variables: str) -> Run:
        app = make_app(**(settings_of(hub) | variables))

        def run_command(*arguments: object, input: str | bytes | None = None) -> Result:
            result = app.test_cli_runner().invoke(args=[str(it) for it in arguments], input=input)
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
            return result

        return run_command

    return start


@pytest.fixture
def here(beside: Callable[..., Run], shared_hub: HubProcess) -> Run:
    """As `beside`, with the hub that several tests share."""
    return beside(shared_hub)
