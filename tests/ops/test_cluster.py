"""GET /api/ops/stats, /api/ops/connections, /api/ops/topics: who may call them, and the answers of one worker
(tests/e2e/test_cluster.py has several)."""

import os
import socket
from datetime import UTC, datetime
from typing import Any

import gevent
import pytest
from flask import Flask

from app.auth.models import User
from app.db.session import transaction
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.event import Event
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Accept, Connection
from tests.cast import Constellation, Person, assert_refused, make_constellation, make_person
from tests.support.wait import wait_until

CALLS = ("/api/ops/stats", "/api/ops/connections", "/api/ops/topics")


class Quiet:
    """A handler of sockets that ignores every frame."""

    def opened(self, connection: Connection) -> None: ...

    def received(self, connection: Connection, message: bytes) -> None: ...

    def closed(self, connection: Connection, code: int, reason: str) -> None: ...


def set_operator(person: Person, is_operator: bool) -> Person:
    with person.app.app_context(), transaction() as session:
        session.get_one(User, person.uuid).is_operator = is_operator
    return person


@pytest.fixture
def oscar(app: Flask) -> Person:
    return set_operator(make_person(app, "Oscar"), True)


@pytest.fixture
def engine(app: Flask) -> Engine:
    engine: Engine = app.extensions["engine"]
    engine.start()
    return engine


@pytest.fixture
def workspace(alice: Person) -> Constellation:
    return make_constellation(alice)


def ask(person: Person, path: str) -> dict[str, Any]:
    response = person.get(path)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.get_json()
    assert (answer.pop("partial"), answer.pop("silent")) == (False, [])
    return answer


@pytest.mark.parametrize("path", CALLS)
def test_operators_only(oscar: Person, alice: Person, nobody: Person, path: str) -> None:
    assert_refused(nobody.get(path), 401)
    assert_refused(nobody.get(f"{path}?token={oscar.token}"), 401)
    assert_refused(alice.get(path), 403)
    by_cookie = nobody.get(path, headers={"Cookie": f"auth_token={oscar.token}"})
    assert by_cookie.status_code == oscar.get(path).status_code == 200
    assert by_cookie.headers["Cache-Control"] == "no-store"
    assert_refused(set_operator(oscar, False).get(path), 403)


@pytest.mark.parametrize("path", CALLS)
def test_pages_may_ask_whether_they_may(nobody: Person, path: str) -> None:
    headers = {"Origin": "http://127.0.0.1:5173", "Access-Control-Request-Method": "GET"}
    response = nobody.call("OPTIONS", path, headers=headers)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:5173"


def test_a_worker(oscar: Person, engine: Engine, alice: Person, workspace: Constellation) -> None:
    with alice.get(f"/sse/updates/{workspace.uuid}") as response:
        next(response.iter_encoded())
        assert alice.post(f"/sse/notify/{workspace.uuid}", data="hello").status_code == 200
        wait_until(lambda: engine.dispatcher.delivered == 1)
        (worker,) = ask(oscar, "/api/ops/stats")["workers"]
    expected = {"id": engine.worker_id, "pid": os.getpid(), "host": socket.gethostname(), "draining": False}
    expected |= {"streams": 1, "sockets": 0, "topics": 1, "published": 1, "delivered": 1, "outbox": 0}
    expected |= {"frames": {"in": 0, "out": 0}}
    assert {name: worker.pop(name) for name in expected} == expected
    assert 0 <= worker["uptime"] < 600 and worker["memory"] > 1_000_000 and worker["lag"] >= 0
    assert 0 <= worker["canary_age"] < 600
    assert set(worker) == {"uptime", "memory", "lag", "canary_age"}


def test_totals_and_ends(oscar: Person, alice: Person, workspace: Constellation) -> None:
    path = f"/sse/updates/{workspace.uuid}"
    streams = [alice.get(path) for _ in range(3)]
    assert ask(oscar, "/api/ops/stats")["streams_by_kind"] == {"constellation": 3}
    streams.pop().close()
    answer = ask(oscar, "/api/ops/stats")
    assert answer["totals"]["streams"] == answer["workers"][0]["streams"] == 2
    assert answer["stream_ends"] == {"client_gone": 1}
    assert answer["socket_ends"] == {}
    for stream in streams:
        stream.close()


def connect(engine: Engine, *names: str) -> list[gevent.socket.socket]:
    """Opens sockets with these names; returns the clients' ends."""
    ends = []
    for name in names:
        ours, theirs = gevent.socket.socketpair()
        engine.sockets.open(RequestSocket.of({}), ours, Accept(name, Claims(name, "", 0), Quiet()))
        ends += [theirs, ours]
    return ends


def names(answer: dict[str, Any]) -> list[str]:
    return [it["name"] for it in answer["connections"]]


def test_who_is_connected(oscar: Person, engine: Engine) -> None:
    ends = connect(engine, "alice")
    (connection,) = engine.sockets
    connection.send(b"{}")
    answer = ask(oscar, "/api/ops/connections")
    (shown,) = answer["connections"]
    assert (shown["name"], shown["worker"]) == ("alice", engine.worker_id)
    assert shown["frames"] == {"in": 0, "out": 1}
    age = datetime.now(UTC) - datetime.fromisoformat(shown["since"])
    assert -2 < age.total_seconds() < 60
    assert (answer["total"], answer["next"]) == (1, None)
    del ends


def test_connections_by_prefix_and_part_by_part(oscar: Person, engine: Engine) -> None:
    ends = connect(engine, *(f"user{n:03}" for n in range(25)), "bot", "zoe", "Ünal", "user 1")
    everybody = sorted(["bot", "user 1", *(f"user{n:03}" for n in range(25)), "zoe", "Ünal"])
    assert names(ask(oscar, "/api/ops/connections")) == everybody
    found: list[str] = []
    after = ""
    while after is not None:
        answer = ask(oscar, f"/api/ops/connections?prefix=user0&per_page=10&after={after}")
        assert answer["total"] == 25
        found += names(answer)
        after = answer["next"]
    assert found == [f"user{n:03}" for n in range(25)]
    assert names(ask(oscar, "/api/ops/connections?prefix=nobody")) == []
    del ends


def test_topics_by_subscribers_and_by_events(oscar: Person, alice: Person) -> None:
    quiet, busy = make_constellation(alice).uuid, make_constellation(alice).uuid
    streams = [alice.get(f"/sse/updates/{uuid}") for uuid in (quiet, quiet, busy)]
    for stream in streams:
        next(stream.iter_encoded())
    for _ in range(3):
        alice.post(f"/sse/notify/{busy}", data="x")
    wait_until(lambda: ask(oscar, "/api/ops/topics?sort=events")["topics"][0]["events"] == 3)
    rows = [
        {"topic": f"constellation:{quiet}", "subscribers": 2, "events": 0, "workers": 1},
        {"topic": f"constellation:{busy}", "subscribers": 1, "events": 3, "workers": 1},
    ]
    assert ask(oscar, "/api/ops/topics") == {"topics": rows}
    assert ask(oscar, "/api/ops/topics?sort=events") == {"topics": rows[::-1]}
    assert ask(oscar, "/api/ops/topics?per_page=1") == {"topics": rows[:1]}
    for stream in streams:
        stream.close()


def test_topics_that_nobody_reads_are_none(oscar: Person, engine: Engine) -> None:
    engine.publish("constellation:1", Event("x"))
    assert ask(oscar, "/api/ops/topics") == {"topics": []}  # nor is the hub's own


@pytest.mark.parametrize("query", ["per_page=0", "per_page=501", "per_page=x", "sort=name", "sort="])
def test_refuses_bad_parts(oscar: Person, query: str) -> None:
    assert_refused(oscar.get(f"/api/ops/topics?{query}"), 400)
    if "per_page" in query:
        assert_refused(oscar.get(f"/api/ops/connections?{query}"), 400)
