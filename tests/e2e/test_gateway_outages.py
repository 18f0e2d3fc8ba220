"""The gateway when workers die or stop, and when Redis is away."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.support.calls import new_name
from tests.support.fixtures import StartGateway
from tests.support.gateway import GatewayStage
from tests.support.hub import HubProcess
from tests.support.services import RedisServer
from tests.support.wait import wait_until
from tests.support.wsclient import echo, silent

LEASE_SECONDS = 5


@pytest.fixture
def pair(start_gateway: StartGateway, own_redis: RedisServer) -> GatewayStage:
    """Two workers with short leases, and a Redis that the test may stop."""
    lease = str(LEASE_SECONDS)
    return start_gateway(workers=2, redis_url=own_redis.url, PRESENCE_LEASE_SECONDS=lease)


def wait_ready(hub: HubProcess) -> None:
    """Until every worker hears the broker again."""

    def is_ready() -> bool:
        statuses = []
        for pid in hub.worker_pids():
            connection = hub.connection(pid)
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
            connection.close()
        return statuses == [200] * 2

    wait_until(is_ready, 15, "two workers that are ready")


def item(user_id: str, **data: Any) -> dict[str, Any]:
    return {"user_id": user_id, "data": data}


def test_the_bots_worker_is_killed(pair: GatewayStage) -> None:
    here, there = pair.hub.worker_pids()
    bot, client = pair.join("bot", silent, worker=here)
    other, _ = pair.join("other", echo, worker=there)
    request = pair.ask(bot, there, correlation_id="c")
    client.wait_frames(1)
    pair.hub.kill_worker(here)
    killed_at = time.monotonic()
    assert client.wait_closed() == (1006, "")
    assert pair.post("/sse/push", item(bot), there)[1]["status"] == "partial"
    assert len(pair.ask(other, there).wait_over()) == 2
    assert request.wait_over(10) == [{"error": "User disconnected", "correlation_id": "c"}]
    wait_until(lambda: here not in pair.hub.worker_pids(), 10, "the worker's end")
    again = pair.wait_for_name(bot, LEASE_SECONDS + 8)
    assert time.monotonic() - killed_at < LEASE_SECONDS + 10
    assert again.is_open
    pair.hub.wait_ready()


def test_with_the_leases_of_production_a_name_is_free_within_half_a_minute(
    start_gateway: StartGateway, own_redis: RedisServer
) -> None:
    pair = start_gateway(workers=2, redis_url=own_redis.url)
    here, there = pair.hub.worker_pids()
    bot, client = pair.join("bot", silent, worker=here)
    request = pair.ask(bot, there, correlation_id="c")
    client.wait_frames(1)
    pair.hub.kill_worker(here)
    killed_at = time.monotonic()
    assert request.wait_over(10) == [{"error": "User disconnected", "correlation_id": "c"}]
    pair.wait_for_name(bot, 40)
    assert time.monotonic() - killed_at < 40


def test_the_callers_worker_is_killed(pair: GatewayStage) -> None:
    """Its correlation ids are free once its leases have ended."""
    here, there = pair.hub.worker_pids()
    bot, client = pair.join("bot", silent, worker=here)
    request = pair.ask(bot, there, correlation_id="c")
    client.wait_frames(1)
    pair.hub.kill_worker(there)
    wait_until(lambda: request.is_over)
    body = item(bot, correlation_id="c")
    assert pair.post("/sse/send", body, here)[0] == 409
    client.send({"correlation_id": "c", "n": 1})
    wait_until(lambda: pair.ask("nobody", here, correlation_id="c").status == 200, LEASE_SECONDS + 8)
    assert client.is_open and pair.is_connected(bot)


def test_stopping_says_why(pair: GatewayStage) -> None:
    """To every socket and every stream."""
    here, there = pair.hub.worker_pids()
    users = [pair.join(name, silent, worker=pid) for name in ("Alice", "Bob") for pid in (here, there)]
    requests = [pair.ask(user_id, pid) for user_id, _ in users for pid in (here, there)]
    ended = pair.hub.terminate()
    pair.hub.assert_ended_politely(ended)
    for _, client in users:
        assert client.wait_closed() == (1001, "Server shutdown")
    for request in requests:
        wait_until(lambda request=request: request.is_over)  # type: ignore[misc]
        last = request.events[-1]
        is_closed = (last.name, last.data) == ("stream.closed", '{"reason": "shutdown"}')
        assert is_closed or '"User disconnected"' in last.data, last


def test_one_worker_stops_and_its_names_are_free_at_once(pair: GatewayStage) -> None:
    """The waiters on the other worker are told, and the client can come back."""
    here, there = pair.hub.worker_pids()
    bot, client = pair.join("bot", silent, worker=here)
    request = pair.ask(bot, there, correlation_id="c")
    client.wait_frames(1)
    pair.hub.terminate_worker(here)
    assert client.wait_closed() == (1001, "Server shutdown")
    assert request.wait_over(5) == [{"error": "User disconnected", "correlation_id": "c"}]
    pair.wait_for_name(bot, LEASE_SECONDS - 1)


def test_without_redis(pair: GatewayStage, own_redis: RedisServer) -> None:
    here, there = pair.hub.worker_pids()
    alice, hers = pair.join("Alice", worker=here)
    bob, his = pair.join("Bob", echo, worker=there)
    own_redis.stop()
    for path, body in (
        ("/sse/push", item(alice)),
        ("/sse/push/batch", [item(alice), item(bob)]),
        ("/sse/send", item(bob, correlation_id="c")),
        ("/sse/send", item(bob)),
    ):
        for pid in (here, there):
            wait_until(lambda pid=pid, path=path, body=body: status_of(pair, path, body, pid) == 503, 10)  # type: ignore[misc]
    answer = pair.hub.post("/sse/push", json=item(alice))
    assert answer.headers["Retry-After"].isdigit() and answer.json()["status"] == 503
    assert pair.connect(new_name("Charlie")).wait_closed(10) == (1013, "Try again later")
    assert pair.hub.get("/health").json()["connections"] in (0, 1, 2)
    assert hers.is_open and his.is_open
    own_redis.start()
    wait_ready(pair.hub)
    for user_id in (alice, bob):
        wait_until(lambda user_id=user_id: pair.is_connected(user_id), 5, "the same socket under its name")  # type: ignore[misc]
        for pid in (here, there):
            assert pair.connect(user_id, worker=pid).wait_closed() == (1008, "User already connected")
    assert len(pair.ask(bob, here, correlation_id="c").wait_over()) == 2
    assert pair.hub.get("/health").json()["connections"] == 2
    assert hers.is_open and his.is_open


def status_of(stage: GatewayStage, path: str, body: Any, pid: int) -> int:
    connection = stage.hub.connection(pid)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_request_that_is_open_while_redis_comes_and_goes(
    pair: GatewayStage, own_redis: RedisServer
) -> None:
    here, there = pair.hub.worker_pids()
    bot, client = pair.join("bot", silent, worker=here)
    near, far = (pair.ask(bot, pid, correlation_id=f"c-{pid}") for pid in (here, there))
    client.wait_frames(2)
    own_redis.stop()
    client.send({"correlation_id": f"c-{here}", "n": 1})
    near.wait_answers(1)  # the answer does not leave the worker
    own_redis.start()
    wait_ready(pair.hub)
    for pid in (here, there):
        client.send({"correlation_id": f"c-{pid}", "is_final": True})
    assert [len(near.wait_over()), len(far.wait_over())] == [2, 1]


def test_a_name_that_was_taken_while_its_worker_was_cut_off_has_one_owner_after(
    pair: GatewayStage, own_redis: RedisServer
) -> None:
    """Redis came back empty, and another client was faster."""
    here, there = pair.hub.worker_pids()
    alice, first = pair.join("Alice", worker=here)
    for _ in range(3):
        own_redis.restart_empty()
        second = pair.connect(alice, worker=there)
        wait_ready(pair.hub)
        both = (first, second)
        wait_until(lambda both=both: not all(it.is_open for it in both), LEASE_SECONDS * 2)  # type: ignore[misc]
        wait_until(lambda: pair.is_connected(alice))
        if not first.is_open:
            first = second
        assert first.is_open
    assert pair.hub.get("/health").json()["connections"] == 1
