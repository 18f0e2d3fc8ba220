"""What is counted, under which names, and who is held up meanwhile."""

from unittest.mock import patch

import pytest
import redis
from flask import Flask
from limits.storage import RedisStorage

from app.constellations import stream
from app.extensions import db
from app.ops.limits import Limiter
from tests.cast import PASSWORD, MakeApp, Person, make_constellation


def test_every_key_begins_with_the_prefix(redis_url: str) -> None:
    limiter = Limiter(redis_url, "second", {"LOGIN": "1/hour"})
    assert [limiter.is_over("LOGIN", "x") for _ in range(2)] == [False, True]
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys("*")
    assert keys
    assert all(key.startswith(b"second:") for key in keys), keys


def test_redis_may_be_a_socket_file() -> None:
    storage = Limiter("unix:///run/redis.sock", "hub", {})._shared.storage
    assert isinstance(storage, RedisStorage)


@pytest.mark.parametrize("path", ["/login", "/register", "/api/auth/login", "/api/auth/register"])
def test_an_address_has_a_limit_of_its_own(make_app: MakeApp, path: str) -> None:
    person = Person(make_app(RATELIMIT_ENABLED="1", RATELIMIT_LOGIN_ADDRESS="2/minute"), "", "", "")
    forms = [
        {"name": f"n{number}", "email": f"n{number}@example.org", "password": "x"} for number in range(3)
    ]
    statuses = [person.post(path, json=form).status_code for form in forms]
    assert 429 not in statuses[:2]
    assert statuses[2] == 429


def test_a_new_password_counts_as_a_login(make_app: MakeApp, alice: Person) -> None:
    app = make_app(RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="2/minute")
    person = Person(app, alice.uuid, alice.name, alice.token)
    assert person.post("/login", json={"name": "Alice", "password": "wrong"}).status_code == 401
    person.token = person.patch("/users", json={"password": PASSWORD}).get_json()["access_token"]
    assert person.patch("/users", json={"password": PASSWORD}).status_code == 429
    assert person.patch("/users", json={"name": "Alicia"}).status_code == 200


def test_no_connection_is_held_while_hits_are_counted(app: Flask, alice: Person) -> None:
    """Counting may wait for Redis."""
    constellation, held = make_constellation(alice), []

    def count(_kind: str, _key: str) -> None:
        held.append(db.engine.pool.checkedout())  # type: ignore[attr-defined]

    with patch.object(stream, "limit", count):
        assert alice.post(f"/sse/notify/{constellation.uuid}", data=b"x").status_code == 200
        assert alice.post(f"/sse/notify/{constellation.uuid}", data=b"x").status_code == 200
    assert held == [0, 0]
