"""flask token NAME"""

from collections.abc import Callable

import pytest
from click.testing import Result

from app.auth import tokens
from tests.cast import Person
from tests.conftest import MakeApp

Command = Callable[..., str]


@pytest.mark.parametrize("name", ["Alice", "alice@example.org", "ALICE@example.org"])
def test_it_is_a_good_token_and_nothing_else_is_printed(name: str, alice: Person, succeed: Command) -> None:
    printed = succeed("token", name)
    assert printed.count("\n") == 1
    answer = Person(alice.app, alice.uuid, "", printed.strip()).get(f"/users/{alice.uuid}")
    assert answer.get_json() == {"uuid": alice.uuid, "name": "Alice", "email": "alice@example.org"}


@pytest.mark.parametrize(("arguments", "seconds"), [((), 600), (("--seconds", "60"), 60)])
def test_lifetime(arguments: tuple[str, ...], seconds: int, alice: Person, make_app: MakeApp) -> None:
    app = make_app(ACCESS_TOKEN_SECONDS="600")
    printed = app.test_cli_runner().invoke(args=["token", "Alice", *arguments]).stdout
    with app.app_context():
        read = tokens.read(printed.strip())
        now = tokens.read(tokens.issue(tokens.ACCOUNT, alice.uuid, seconds))
    assert abs(read.expires_at - now.expires_at) <= 2
    assert read.subject == alice.uuid


def test_it_is_revoked_by_logging_out(alice: Person, succeed: Command) -> None:
    holder = Person(alice.app, alice.uuid, "", succeed("token", "Alice").strip())
    assert holder.post("/logout").status_code == 200
    assert holder.get("/constellations").status_code == 401
    assert alice.get("/constellations").status_code == 200


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_bad_lifetimes(seconds: str, alice: Person, run: Callable[..., Result]) -> None:
    assert run("token", "Alice", "--seconds", seconds).exit_code == 2
