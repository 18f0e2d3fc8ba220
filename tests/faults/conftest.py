"""Collects what the tests saw; with `--write-faults` it is written into docs/reports/faults.md."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.faults import table
from tests.faults.table import Outcome

_MEASURED = pytest.StashKey[dict[str, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-faults", action="store_true", help="write the table of docs/reports/faults.md")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MEASURED] = {}


@pytest.fixture
def outcome() -> Outcome:
    """Every test marked `fault` takes it and tells all of its parts."""
    return Outcome()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    result = yield
    marker = pyfuncitem.get_closest_marker("fault")
    if marker is not None:
        name = pyfuncitem.originalname
        pyfuncitem.config.stash[_MEASURED][name] = pyfuncitem.funcargs["outcome"].row(marker.args[0], name)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.config.getoption("--write-faults", default=False):
        table.write(session.config.stash[_MEASURED])
