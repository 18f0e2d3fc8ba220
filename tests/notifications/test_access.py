"""Who may call what of the notification hub: one table for every call.

`bad` stands for each of: no token, garbage, an expired, a revoked one, one of a disabled client, and that of
an account that is no operator. An operator calls by bearer token and by cookie.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.auth import clients, revocation, tokens
from app.auth.models import User
from app.db.session import transaction
from tests.cast import Person, make_person, unique
from tests.notifications.conftest import Service, make_service, subscriber_token

TABLE = """
call                                bad  subscriber  service  operator
POST   /api/auth/token              200  200         200      200
POST   /api/message/notify          401  401         202      202
POST   /api/message/acknowledge     401  202         202      202
GET    /api/user                    401  401         200      200
POST   /api/user                    401  401         201      201
DELETE /api/user/{user}             401  401         204      204
GET    /api/user/{user}/token       401  401         200      200
GET    /api/user/{user}/messages    401  401         200      200
GET    /api/group                   401  401         200      200
POST   /api/group                   401  401         201      201
DELETE /api/group/{group}           401  401         204      204
PUT    /api/group/{group}/user/{user}     401  401   204      204
DELETE /api/group/{group}/user/{user}     401  401   204      204
GET    /sse                         400  200         400      400
"""
BODIES: dict[str, dict[str, object]] = {
    "POST /api/auth/token": {"client_id": "{client}", "client_secret": "{secret}"},
    "POST /api/message/notify": {"users": ["{user}"], "payload": "hello"},
    "POST /api/message/acknowledge": {"user_id": "{user}", "message_ids": ["{message}"]},
    "POST /api/user": {"user_id": "{new}"},
    "POST /api/group": {"name": "{new}"},
}
World = dict[str, str]
Spoil = Callable[[Flask, Service], str]
Make = Callable[[Flask, World], Person]


def expired(app: Flask, service: Service) -> str:
    return tokens.issue(tokens.SERVICE, service.uuid, -60)


def revoked(app: Flask, service: Service) -> str:
    claims = tokens.read(service.token)
    revocation.revoke(claims.token_id, claims.expires_at)
    return service.token


def disabled(app: Flask, service: Service) -> str:
    clients.set_disabled(service.uuid, True)
    return service.token


def rotated(app: Flask, service: Service) -> str:
    clients.rotate(service.uuid)
    return service.token


BAD: dict[str, Spoil] = {
    "no token": lambda app, service: "",
    "garbage": lambda app, service: "garbage",
    "expired": expired,
    "revoked": revoked,
    "disabled": disabled,
    "rotated": rotated,
    "unknown client": lambda app, service: tokens.issue(tokens.SERVICE, "client-0", 60),
    "account": lambda app, service: make_person(app, unique("Alice")).token,
    "another use": lambda app, service: tokens.issue("other", service.uuid, 60),
}


class Row(NamedTuple):
    method: str
    path: str
    statuses: dict[str, int]


def read_table() -> list[Row]:
    heads, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [
        Row(method, path, dict(zip(heads[1:], map(int, statuses), strict=True)))
        for method, path, *statuses in lines
    ]


class Cookie(Person):
    def call(self, method: str, path: str, **options: object) -> TestResponse:
        client = self.app.test_client()
        client.set_cookie("auth_token", self.token)
        return client.open(path, method=method, **options)  # type: ignore[arg-type]


def operator(app: Flask) -> Person:
    person = make_person(app, unique("Olga"))
    with transaction() as session:
        session.get_one(User, person.uuid).is_operator = True
    return person


def bad(spoil: Spoil) -> Make:
    def make(app: Flask, world: World) -> Person:
        return Person(app, "", "", spoil(app, make_service(app)))

    return make


# Column, kind, and how to make such a caller.
CALLERS: list[tuple[str, str, Make]] = [
    *(("bad", kind, bad(spoil)) for kind, spoil in BAD.items()),
    ("bad", "account by cookie", lambda app, _: Cookie(app, "", "", make_person(app, unique("Al")).token)),
    ("subscriber", "its own", lambda app, world: Person(app, "", "", subscriber_token(app, world["user"]))),
    ("service", "service", lambda app, _: make_service(app)),
    ("operator", "operator", lambda app, _: operator(app)),
    ("operator", "by cookie", lambda app, _: Cookie(app, "", "", operator(app).token)),
]


def make_world(app: Flask) -> World:
    """A user with a message in a group, by name; and the credentials of a client."""
    shop, user, group = make_service(app), unique("dora"), unique("staff")
    shop.group(group, user)
    client, secret = clients.create("Shop")
    return {
        "message": shop.notify(user),
        "user": user,
        "group": group,
        "new": unique("new"),
        "client": client,
        "secret": secret,
    }


def filled(body: object, world: World) -> object:
    if isinstance(body, dict):
        return {key: filled(value, world) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, world) for value in body]
    return str(body).format(**world)


@pytest.mark.parametrize("row", read_table(), ids=lambda row: f"{row.method} {row.path}")
def test_table(app: Flask, row: Row) -> None:
    wrong = {}
    body = BODIES.get(f"{row.method} {row.path}")
    for column, kind, make in CALLERS:
        with app.test_request_context():
            world = make_world(app)
            caller = make(app, world)
        options = {} if body is None else {"json": filled(body, world)}
        with caller.call(row.method, row.path.format(**world), **options) as response:
            if response.status_code != row.statuses[column]:
                wrong[kind] = (response.status_code, row.statuses[column])
    assert not wrong, "kind of caller: (status, status in the table)"


def test_table_misses_no_route(app: Flask) -> None:
    listed = {(row.method, re.sub(r"\{\w+\}", "<>", row.path)) for row in read_table()}
    routes = {
        (method, re.sub(r"<[^>]+>", "<>", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint.partition(".")[0] in {"notifications", "inbox"}
    }
    assert listed == {(method, path) for method, path in routes if method not in {"HEAD", "OPTIONS"}}


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "Missing credentials"), ("garbage", "Invalid token"), ("account", "Invalid token")],
)
def test_what_is_said(app: Flask, token: str, error: str) -> None:
    given = make_person(app, "Alice").token if token == "account" else token
    for path in ("/api/user", "/api/message/acknowledge"):
        response = Person(app, "", "", given).call("POST", path, json={})
        assert (response.status_code, response.get_json()) == (401, {"error": error, "status": 401})


def test_other_schemes(app: Flask, nobody: Person) -> None:
    response = nobody.get("/api/user", headers={"Authorization": "Basic eA=="})
    assert response.get_json() == {"error": "Invalid token", "status": 401}


def test_a_cookie_of_a_foreign_page(app: Flask) -> None:
    with app.test_request_context():
        boss = operator(app)
    cookie, foreign = Cookie(app, "", "", boss.token), {"Origin": "https://evil.example"}
    assert cookie.post("/api/user", json={"user_id": "dora"}, headers=foreign).status_code == 403
    assert cookie.get("/api/user", headers=foreign).status_code == 200
