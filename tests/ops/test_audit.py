"""The audit log `hub.audit`: logins, and every change of rights, tokens, bots and clients. No line holds a
secret."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.auth import tokens
from app.ops.logs import NameRequest
from config.log_lines import extras
from tests.cast import PASSWORD, Person, assert_refused, made, make_constellation, make_person

Line = tuple[str, dict[str, Any]]


def given(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in extras(record).items() if key not in {"request_id", "address"}}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[Line]]:
    """The message and fields of each line since the last call, without those that the request's filter adds:
    the tests run without it."""
    caplog.set_level(logging.INFO, "hub.audit")

    def take() -> list[Line]:
        found = [(it.message, given(it)) for it in caplog.records if it.name == "hub.audit"]
        caplog.clear()
        return found

    return take


Lines = Callable[[], list[Line]]


@pytest.fixture
def shell(app: Flask) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        result: Result = app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    return run


Shell = Callable[..., str]


def test_accounts(app: Flask, nobody: Person, lines: Lines) -> None:
    account = {"name": "Dora", "email": "dora@example.org", "password": PASSWORD}
    answer = made(nobody.post("/register", json=account))
    dora = {"user": answer["user_uuid"]}
    assert lines() == [("account registered", dora)]
    nobody.post("/login", json={"name": "Dora", "password": PASSWORD})
    nobody.post("/api/auth/login", json={"email": "dora@example.org", "password": PASSWORD})
    assert lines() == [("login", dora)] * 2
    for name in ("Dora", "Nobody"):
        nobody.post("/login", json={"name": name, "password": "wrong"})
        assert lines() == [("login refused", {"login": name})]
    person = Person(app, dora["user"], "Dora", answer["access_token"])
    person.patch("/users", json={"name": "Theodora", "email": "theodora@example.org"})
    assert lines() == [("account changed", {**dora, "fields": ["email", "name"]})]
    person.token = person.patch("/users", json={"password": "another one"}).get_json()["access_token"]
    assert lines() == [("password changed", dora)]
    other = nobody.post("/login", json={"name": "Theodora", "password": "another one"}).get_json()
    Person(app, "", "", other["access_token"]).post("/logout")
    assert lines() == [("login", dora), ("logout", dora)]
    assert person.delete("/users").status_code == 200
    assert lines() == [("account deleted", dora)]


def test_logging_out_by_cookie(alice: Person, nobody: Person, lines: Lines) -> None:
    nobody.post("/api/auth/logout", headers={"Cookie": f"auth_token={alice.token}"})
    assert lines() == [("logout", {"user": alice.uuid})]


def test_rights(alice: Person, bob: Person, lines: Lines) -> None:
    orion = make_constellation(alice)
    place = {"constellation": orion.uuid}
    assert lines() == [("constellation created", {"user": alice.uuid, **place})]
    told = {"by": alice.uuid, "user": bob.uuid, **place}
    for kind, rights in (("connected", "READ"), ("changed", "ADMIN")):
        alice.post(f"{orion.path}/connect", json={"user_uuid": bob.uuid, "rights": rights})
        assert lines() == [(f"member.{kind}", {**told, "rights": rights})]
    bob.post(f"{orion.path}/disconnect", json={"user_uuid": alice.uuid})
    told = {"by": bob.uuid, "user": alice.uuid, **place}
    assert lines() == [("member.disconnected", {**told, "rights": "ADMIN"})]
    bob.delete(orion.path)
    assert lines() == [("constellation deleted", {"user": bob.uuid, **place})]


def test_what_a_deleted_account_leaves(alice: Person, bob: Person, lines: Lines) -> None:
    shared, own = make_constellation(alice), make_constellation(bob)
    alice.post(f"{shared.path}/connect", json={"user_uuid": bob.uuid, "rights": "WRITE"})
    lines()
    assert bob.delete("/users").status_code == 200
    left = {"by": bob.uuid, "user": bob.uuid, "constellation": shared.uuid, "rights": "WRITE"}
    assert sorted(lines()) == [
        ("account deleted", {"user": bob.uuid}),
        ("constellation deleted", {"user": bob.uuid, "constellation": own.uuid}),
        ("member.disconnected", left),
    ]


def test_tokens(app: Flask, alice: Person, shell: Shell, lines: Lines) -> None:
    token = shell("token", "Alice", "--seconds", "60").strip()
    assert lines() == [("token issued", {"user": alice.uuid, "seconds": 60, "by": "command line"})]
    made(Person(app, "", "", token).post("/api/stream-ticket"))
    assert lines() == [("stream ticket issued", {"user": alice.uuid, "use": tokens.ACCOUNT})]


def test_the_consoles_token(alice: Person, nobody: Person, lines: Lines) -> None:
    response = nobody.post("/console/token", headers={"Cookie": f"auth_token={alice.token}"})
    expected = {"user": alice.uuid, "seconds": response.get_json()["expires_in"]}
    assert lines() == [("token issued", expected)]


def test_clients_and_recipients(app: Flask, nobody: Person, shell: Shell, lines: Lines) -> None:
    printed = dict(line.split("=") for line in shell("client", "create", "Shop").splitlines())
    client = {"client": printed["CLIENT_ID"]}
    assert lines() == [("client created", client)]
    good = {"client_id": printed["CLIENT_ID"], "client_secret": printed["CLIENT_SECRET"]}
    shop = Person(app, "", "", nobody.post("/api/auth/token", json=good).get_json()["access_token"])
    assert lines() == [("service token issued", client)]
    assert_refused(nobody.post("/api/auth/token", json={**good, "client_secret": "wrong"}), 400)
    assert lines() == [("client refused", client)]
    by = {"by": f"client:{printed['CLIENT_ID']}"}
    token = shop.get("/api/user/dora/token").get_json()["access_token"]
    assert lines() == [("subscriber token issued", {"recipient": "dora", **by})]
    made(Person(app, "", "", token).post("/api/stream-ticket"))
    assert lines() == [("stream ticket issued", {"user": "dora", "use": tokens.SUBSCRIBER})]
    shop.post("/api/user", json={"user_id": "dora"})
    shop.delete("/api/user/dora")
    assert lines() == [("recipient deleted", {"recipient": "dora", **by})]
    for command, told in (("rotate", "rotated"), ("disable", "disabled"), ("enable", "enabled")):
        shell("client", command, printed["CLIENT_ID"])
        assert lines() == [(f"client {told}", client)]


def test_bots(shell: Shell, lines: Lines) -> None:
    told = [("create", "created"), ("token", "credential renewed"), ("disable", "disabled")]
    for command, what in [*told, ("enable", "enabled")]:
        shell("bot", command, "echo_bot")
        assert lines() == [(f"bot {what}", {"bot": "echo_bot"})]


def test_operators(app: Flask, shell: Shell, lines: Lines) -> None:
    alice = {"user": make_person(app, "Alice").uuid}
    shell("user", "admin", "Alice")
    shell("user", "admin", "Alice", "--revoke")
    assert lines() == [("operator granted", alice), ("operator revoked", alice)]
    uuid = shell("user", "create", "Oscar", "oscar@example.org", "--operator", "--password", PASSWORD).strip()
    assert lines() == [("account registered", {"user": uuid}), ("operator granted", {"user": uuid})]
    shell("user", "password", "Oscar", "--password", "another one")
    shell("user", "delete", "Oscar", "--yes")
    assert lines() == [("password changed", {"user": uuid}), ("account deleted", {"user": uuid})]


def test_no_line_has_a_secret(app: Flask, nobody: Person, shell: Shell, lines: Lines) -> None:
    alice = make_person(app, "Alice")
    secrets = [PASSWORD, alice.token, made(alice.post("/api/stream-ticket"))["ticket"]]
    secrets += [shell("token", "Alice").strip(), shell("bot", "create", "echo_bot").strip()]
    secrets.append(shell("client", "create", "Shop").strip().rpartition("=")[2])
    for password in (PASSWORD, "a wrong secret"):
        nobody.post("/login", json={"name": "Alice", "password": password})
    told = str(lines())
    assert "login refused" in told
    assert not [secret for secret in [*secrets, "a wrong secret"] if secret in told]


def test_lines_tell_whence_a_request_came(app: Flask) -> None:
    record = logging.makeLogRecord({"name": "hub.audit", "msg": "login"})
    with app.test_request_context(environ_base={"REMOTE_ADDR": "203.0.113.7", "hub.request_id": "r-1"}):
        assert NameRequest().filter(record)
    assert extras(record) == {"request_id": "r-1", "address": "203.0.113.7"}
