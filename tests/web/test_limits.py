"""What is counted, under which names, and who is held up meanwhile."""

import time
from collections.abc import Callable, Iterator
from unittest.mock import patch
from uuid import uuid4

import pytest
import redis
from flask import Flask

from app.constellations.routes import updates
from app.extensions import db
from app.realtime.broker.redis.broker import RedisBroker
from app.web.limits import Limiter
from app.web.limits_storage import BrokerStorage
from tests.cast import PASSWORD, MakeApp, Person, make_constellation
from tests.support.services import RedisServer
from tests.support.wait import wait_until


@pytest.fixture(params=["redis_url", "sentinel_set", "cluster_set"])
def make_limiter(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Limiter]]:
    """`make_limiter("1/hour")`: each with a connection of its own, counting together."""
    found = request.getfixturevalue(request.param)
    url = found if isinstance(found, str) else found.url
    prefix = f"second-{uuid4().hex[:8]}"
    brokers: list[RedisBroker] = []

    def make(rate: str) -> Limiter:
        brokers.append(RedisBroker(url, prefix=prefix))
        storage = BrokerStorage(brokers[-1].pipeline, prefix)
        brokers[-1].pipeline.start()
        wait_until(storage.check, 10, "Redis to answer")
        return Limiter(storage, {"LOGIN": rate})

    yield make
    for broker in brokers:
        broker.stop()


def test_workers_count_together(make_limiter: Callable[[str], Limiter]) -> None:
    one, other = make_limiter("2/hour"), make_limiter("2/hour")
    hits = [limiter.is_over("LOGIN", "x") for limiter in (one, other, one, other)]
    assert hits == [False, False, True, True]
    assert not one.is_over("LOGIN", "y")
    assert one.headers("LOGIN", "x")["RateLimit-Remaining"] == "0"
    assert 3590 < int(other.headers("LOGIN", "x")["RateLimit-Reset"]) <= 3600
    other.forgive("LOGIN", "x")
    assert not one.is_over("LOGIN", "x")


def test_a_window_ends(make_limiter: Callable[[str], Limiter]) -> None:
    limiter = make_limiter("1/second")
    assert not limiter.is_over("LOGIN", "x")
    wait_until(lambda: limiter.is_over("LOGIN", "x"), what="two within one second")
    wait_until(lambda: not limiter.is_over("LOGIN", "x"), 3, "the next second")


def test_in_one_worker_a_window_ends_whatever_the_clock_says() -> None:
    limiter = Limiter(None, {"LOGIN": "1/second"})
    assert not limiter.is_over("LOGIN", "x")
    wait_until(lambda: limiter.is_over("LOGIN", "x"), what="two within one second")
    before = time.time
    with patch("time.time", lambda: before() - 3600):
        wait_until(lambda: not limiter.is_over("LOGIN", "x"), 3, "the next second")


def test_in_one_worker_hits_are_counted_by_key_and_cleared() -> None:
    limiter = Limiter(None, {"LOGIN": "2/hour"})
    assert [limiter.is_over("LOGIN", "x") for _ in range(3)] == [False, False, True]
    assert not limiter.is_over("LOGIN", "y")
    assert limiter.headers("LOGIN", "x")["RateLimit-Remaining"] == "0"
    assert 3590 < int(limiter.headers("LOGIN", "x")["Retry-After"]) <= 3600
    limiter.forgive("LOGIN", "x")
    assert not limiter.is_over("LOGIN", "x")


def test_every_key_begins_with_the_prefix(redis_url: str) -> None:
    broker = RedisBroker(redis_url, prefix="second")
    limiter = Limiter(BrokerStorage(broker.pipeline, "second"), {"LOGIN": "1/hour"})
    broker.pipeline.start()
    assert [limiter.is_over("LOGIN", "x") for _ in range(2)] == [False, True]
    broker.stop()
    with redis.Redis.from_url(redis_url) as client:
        keys = client.keys("*")
    assert keys
    assert all(key.startswith(b"second:") and client.ttl(key) > 0 for key in keys), keys


def test_without_redis_each_worker_counts(own_redis: RedisServer) -> None:
    broker = RedisBroker(own_redis.url)
    limiter = Limiter(BrokerStorage(broker.pipeline, "hub"), {"LOGIN": "1/hour"})
    broker.pipeline.start()
    own_redis.stop()
    assert [limiter.is_over("LOGIN", "x") for _ in range(2)] == [False, True]
    assert int(limiter.headers("LOGIN", "x")["Retry-After"]) > 3500
    broker.stop()


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

    with patch.object(updates, "limit", count):
        assert alice.post(f"/sse/notify/{constellation.uuid}", data=b"x").status_code == 200
        assert alice.post(f"/sse/notify/{constellation.uuid}", data=b"x").status_code == 200
    assert held == [0, 0]
