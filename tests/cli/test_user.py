"""flask user create, list, admin, password, delete"""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask

from app.extensions import db
from tests.cast import PASSWORD, NothingChanges, Person, make_constellation, stored
from tests.conftest import MakeApp

Command = Callable[..., str]
EMAIL = "dora@example.org"


def log_in(app: Flask, name: str, password: str) -> int:
    login = {"name": name, "password": password}
    return app.test_client(use_cookies=False).post("/login", json=login).status_code


def test_create(app: Flask, succeed: Command) -> None:
    uuid = succeed("user", "create", "Dora", "Dora@Example.org", "--password", "secret").strip()
    assert succeed("user", "list") == f"{uuid}  Dora  {EMAIL}\n"
    assert log_in(app, "Dora", "secret") == 200


def test_create_asks_for_the_password_twice(app: Flask, run: Callable[..., Result]) -> None:
    differs = run("user", "create", "Dora", EMAIL, input="one\ntwo\n")
    assert differs.exit_code == 1 and "do not match" in differs.output
    agrees = run("user", "create", "Dora", EMAIL, input="secret\nsecret\n")
    assert agrees.exit_code == 0 and "secret" not in agrees.output
    assert log_in(app, "Dora", "secret") == 200


def test_create_takes_the_password_from_the_environment(
    app: Flask, succeed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_PASSWORD", "secret")
    succeed("user", "create", "Dora", EMAIL)
    assert log_in(app, "Dora", "secret") == 200


def test_create_where_registration_is_closed(make_app: MakeApp) -> None:
    runner = make_app(ALLOW_REGISTRATION="0").test_cli_runner()
    result = runner.invoke(args=["user", "create", "Dora", EMAIL, "--password", "x"])
    assert result.exit_code == 0, result.output


REFUSED = [
    (("", EMAIL, "secret"), "name: "),
    (("a\nb", EMAIL, "secret"), "name: "),
    (("a" * 201, EMAIL, "secret"), "name: "),
    (("Dora", "dora", "secret"), "email: "),
    (("Dora", EMAIL, ""), "password: "),
    (("Dora", EMAIL, "secret" * 200), "password: "),
    (("Alice", EMAIL, "secret"), "Name or e-mail address already taken"),
    (("Dora", "ALICE@example.org", "secret"), "Name or e-mail address already taken"),
    (("alice@example.org", EMAIL, "secret"), "Name or e-mail address already taken"),
]


@pytest.mark.parametrize(("account", "sentence"), REFUSED)
def test_create_refuses(account: tuple[str, str, str], sentence: str, alice: Person, fail: Command) -> None:
    before = stored(alice.app)
    name, email, password = account
    message = fail("user", "create", name, email, "--password", password)
    assert message.startswith(sentence)
    assert "secret" not in message
    assert stored(alice.app) == before


def test_list_is_sorted_by_name(charlie: Person, alice: Person, succeed: Command) -> None:
    assert [line.split()[:2] for line in succeed("user", "list").splitlines()] == [
        [alice.uuid, "Alice"],
        [charlie.uuid, "Charlie"],
    ]


def test_admin_makes_an_operator_and_takes_it_back(alice: Person, succeed: Command) -> None:
    assert succeed("user", "admin", "Alice") == "Alice is an operator.\n"
    assert succeed("user", "list").endswith("  operator\n")
    assert succeed("user", "admin", "alice@example.org", "--revoke").endswith("no longer an operator.\n")
    assert "operator" not in succeed("user", "list")


def test_create_an_operator(succeed: Command) -> None:
    succeed("user", "create", "Dora", EMAIL, "--password", "secret", "--operator")
    assert succeed("user", "list").endswith("  operator\n")


def test_a_new_password_revokes_every_token(alice: Person, succeed: Command) -> None:
    newer = succeed("token", "Alice").strip()
    succeed("user", "password", "Alice", "--password", "another")
    for token in (alice.token, newer):
        assert Person(alice.app, alice.uuid, "", token).get("/constellations").status_code == 401
    assert log_in(alice.app, "Alice", PASSWORD) == 401
    assert log_in(alice.app, "Alice", "another") == 200


@pytest.mark.parametrize("password", ["", "secret" * 200])
def test_password_refuses(password: str, alice: Person, fail: Command) -> None:
    message = fail("user", "password", "Alice", "--password", password)
    assert message.startswith("password: ") and "secret" not in message
    assert alice.get("/constellations").status_code == 200


def test_delete(alice: Person, succeed: Command) -> None:
    alone = make_constellation(alice)
    assert succeed("user", "delete", "Alice", "--yes") == "Alice was deleted.\n"
    assert alice.get(alone.path).status_code == 401
    assert [stored(alice.app)[table] for table in ("users", "constellations")] == [[], []]


def test_delete_asks_first(alice: Person, run: Callable[..., Result]) -> None:
    assert run("user", "delete", "Alice", input="n\n").exit_code == 1
    assert alice.get("/constellations").status_code == 200
    assert run("user", "delete", "Alice", input="y\n").exit_code == 0


def test_the_last_admin_of_a_shared_constellation_stays(
    alice: Person, bob: Person, fail: Command, nothing_changes: NothingChanges
) -> None:
    make_constellation(alice).let(bob, "WRITE")
    with nothing_changes():
        assert "last ADMIN" in fail("user", "delete", "Alice", "--yes")


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "admin", "Nobody"),
        ("user", "password", "Nobody", "--password", "x"),
        ("user", "delete", "Nobody", "--yes"),
        ("token", "Nobody"),
    ],
)
def test_unknown_names(arguments: tuple[str, ...], fail: Command) -> None:
    assert fail(*arguments).startswith("There is no account named Nobody: ")


def test_a_database_without_tables(app: Flask, fail: Command) -> None:
    with app.app_context():
        db.drop_all()
    message = fail("user", "list")
    assert "DATABASE_URL" in message and "db upgrade" in message


def test_list_as_json(succeed: Command) -> None:
    succeed("user", "create", "ann", "ann@example.org", "--password", "x", "--operator")
    found = json.loads(succeed("user", "list", "--json"))
    assert found == {"uuid": found["uuid"], "name": "ann", "email": "ann@example.org", "operator": True}
