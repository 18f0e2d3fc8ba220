"""Who may call what of the concepts: one table, by bearer token and by cookie."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.auth import revocation, tokens
from tests.cast import Person
from tests.concepts.conftest import IMAGE, PATH

TABLE = """
call                                bad  another  owner
POST /api/ad-concepts               401  201      201
GET  /api/ad-concepts               401  200      200
GET  /api/ad-concepts/{id}          401  403      200
POST /api/ad-concepts/{id}/retry    401  403      202
GET  /api/ad-concepts/{id}/stream   401  403      200
"""
BODY = {"ad_archive_id": "ad-1", "image_url": IMAGE}


class Row(NamedTuple):
    method: str
    path: str
    bad: int
    another: int
    owner: int

    @property
    def body(self) -> dict[str, str] | None:
        return BODY if (self.method, self.path) == ("POST", PATH) else None


def read_table() -> list[Row]:
    rows = (line.split() for line in TABLE.strip().splitlines()[1:])
    return [Row(method, path, *map(int, statuses)) for method, path, *statuses in rows]


def revoked(person: Person) -> str:
    claims = tokens.read(person.token)
    revocation.revoke(claims.token_id, claims.expires_at)
    return person.token


BAD: dict[str, Callable[[Person], str]] = {
    "none": lambda person: "",
    "garbage": lambda person: "garbage",
    "another use": lambda person: tokens.issue(tokens.SERVICE, person.uuid, 60),
    "expired": lambda person: tokens.issue(tokens.ACCOUNT, person.uuid, -60),
    "revoked": revoked,
    "old": lambda person: tokens.issue(tokens.ACCOUNT, person.uuid, 60, version=-1),
}


def call(app: Flask, row: Row, way: str, token: str, id: str, **headers: str) -> TestResponse:
    client = app.test_client()
    if way == "cookie" and token:
        client.set_cookie("auth_token", token)
    elif token:
        headers["Authorization"] = f"Bearer {token}"
    return client.open(row.path.format(id=id), method=row.method, json=row.body, headers=headers)


@pytest.mark.parametrize("way", ["bearer", "cookie"])
@pytest.mark.parametrize("row", read_table(), ids=lambda row: f"{row.method} {row.path}")
def test_table(alice: Person, bob: Person, plant: Any, row: Row, way: str) -> None:
    app, id = alice.app, plant(alice, status="failed").id
    assert call(app, row, way, bob.token, id).status_code == row.another
    for spoil in BAD.values():
        with app.app_context():
            token = spoil(bob)
        answer = call(app, row, way, token, id)
        assert answer.status_code == row.bad
        assert set(answer.get_json()) == {"error", "status"}
    assert call(app, row, way, alice.token, id).status_code == row.owner


@pytest.mark.parametrize("row", read_table(), ids=lambda row: f"{row.method} {row.path}")
def test_foreign_pages_can_change_nothing_with_a_cookie(
    app: Flask, alice: Person, plant: Any, row: Row
) -> None:
    id = plant(alice, status="failed").id
    origins = {"https://evil.example": True, "null": True, "http://localhost:5173": False}
    for origin, is_foreign in origins.items():
        answer = call(app, row, "cookie", alice.token, id, Origin=origin)
        is_refused = is_foreign and row.method == "POST"
        assert (answer.status_code == 403) == is_refused, (origin, answer.status_code)
    answer = call(app, row, "bearer", alice.token, id, Origin="https://evil.example")
    assert answer.status_code != 403


@pytest.mark.parametrize("row", read_table(), ids=lambda row: f"{row.method} {row.path}")
def test_a_bad_header_is_not_rescued_by_a_good_cookie(app: Flask, alice: Person, row: Row) -> None:
    answer = call(app, row, "cookie", alice.token, alice.uuid, Authorization="Bearer garbage")
    assert answer.status_code == 401


def test_credentials_come_before_everything_else(app: Flask, alice: Person) -> None:
    client = app.test_client()
    assert client.post(PATH, data=b"x" * 2_000_000).status_code == 401
    assert client.get(f"{PATH}/nonsense/stream").status_code == 401


def test_table_misses_no_route(app: Flask) -> None:
    routes = {
        (method, re.sub(r"<[^>]+>", "{id}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.endpoint.partition(".")[0] == "concepts" and method not in {"HEAD", "OPTIONS"}
    }
    assert routes == {(row.method, row.path) for row in read_table()}
