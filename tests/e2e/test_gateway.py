"""The gateway over two workers: one connection per name; frames and answers cross in both directions."""

from __future__ import annotations

import json
from typing import Any

import gevent
import pytest

from tests.support.calls import new_name
from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until
from tests.support.wsclient import echo, silent

TAKEN = (1008, "User already connected")
DIRECTIONS = pytest.mark.parametrize(("here", "there"), [(0, 1), (1, 0), (0, 0)])


@pytest.fixture
def pids(gateway_pair: GatewayStage) -> list[int]:
    return gateway_pair.hub.worker_pids()


def item(user_id: str, **data: Any) -> dict[str, Any]:
    return {"user_id": user_id, "data": data}


@DIRECTIONS
def test_the_second_connection_is_closed(
    gateway_pair: GatewayStage, pids: list[int], here: int, there: int
) -> None:
    alice, first = gateway_pair.join("Alice", worker=pids[here])
    second = gateway_pair.connect(alice, worker=pids[there])
    assert second.wait_closed() == TAKEN
    assert gateway_pair.is_connected(alice) and first.is_open


def test_both_at_once_again_and_again(gateway_pair: GatewayStage) -> None:
    """Of those that connect in the same moment, on any worker, exactly one stays."""
    for _ in range(10):
        alice = new_name("Alice")
        greenlets = [gevent.spawn(gateway_pair.connect, alice) for _ in range(4)]
        gevent.joinall(greenlets, timeout=20, raise_error=True)
        clients = [greenlet.value for greenlet in greenlets]
        wait_until(lambda clients=clients: sum(it.is_open for it in clients) == 1, 5, "one to stay")  # type: ignore[misc]
        assert [it.closed for it in clients if not it.is_open] == [TAKEN] * 3
        assert gateway_pair.is_connected(alice)


@DIRECTIONS
def test_push(gateway_pair: GatewayStage, pids: list[int], here: int, there: int) -> None:
    alice, client = gateway_pair.join("Alice", worker=pids[here])
    for number in range(20):
        answer = gateway_pair.post("/sse/push", item(alice, n=number), pids[there])
        assert answer == (200, {"status": "success", "message": "Message delivered"})
    assert [frame["n"] for frame in client.wait_frames(20)] == list(range(20))


def test_batch(gateway_pair: GatewayStage, pids: list[int]) -> None:
    """Targets on both workers and on none; each gets its frames in order."""
    users = [gateway_pair.join(name, worker=pid) for name in ("Alice", "Bob") for pid in pids]
    names = [user_id for user_id, _ in users] + ["nobody"]
    items = [item(names[n % len(names)], n=n) for n in range(1000)]
    for pid in pids:
        status, body = gateway_pair.post("/sse/push/batch", items, pid)
        assert status == 200
        successes = [result["success"] for result in body["results"]]
        assert successes == [it["user_id"] != "nobody" for it in items]
    for user_id, client in users:
        expected = [it["data"]["n"] for it in items if it["user_id"] == user_id]
        assert [frame["n"] for frame in client.wait_frames(2 * len(expected), 20)] == expected * 2


@DIRECTIONS
def test_send(gateway_pair: GatewayStage, pids: list[int], here: int, there: int) -> None:
    bot, _ = gateway_pair.join("bot", echo, worker=pids[here])
    for n in range(20):
        answers = gateway_pair.ask(bot, pids[there], correlation_id="again", message=n).wait_over()
        assert [(answer["part"], answer["echo"]) for answer in answers] == [(1, n), (2, n)]


@DIRECTIONS
def test_in_flight_on_another_worker(
    gateway_pair: GatewayStage, pids: list[int], here: int, there: int
) -> None:
    bot, client = gateway_pair.join("bot", silent)
    id = new_name("id")
    request = gateway_pair.ask(bot, pids[here], correlation_id=id)
    for user_id in (bot, "nobody"):
        status, body = gateway_pair.post("/sse/send", item(user_id, correlation_id=id), pids[there])
        assert (status, body["status"]) == (409, 409)
    client.wait_frames(1)
    client.send({"correlation_id": id, "is_final": True})
    assert len(request.wait_over()) == 1
    assert gateway_pair.ask("nobody", pids[there], correlation_id=id).status == 200


def test_the_same_id_at_once_on_both(gateway_pair: GatewayStage, pids: list[int]) -> None:
    bot, client = gateway_pair.join("bot", silent)
    for _ in range(10):
        asked, id = len(client.frames), new_name("id")
        greenlets = [gevent.spawn(gateway_pair.ask, bot, pid, correlation_id=id) for pid in pids * 2]
        gevent.joinall(greenlets, timeout=20, raise_error=True)
        assert sorted(greenlet.value.status for greenlet in greenlets) == [200, 409, 409, 409]
        client.wait_frames(asked + 1)


@DIRECTIONS
def test_the_bot_leaves(gateway_pair: GatewayStage, pids: list[int], here: int, there: int) -> None:
    bot, client = gateway_pair.join("bot", silent, worker=pids[here])
    request = gateway_pair.ask(bot, pids[there], correlation_id="c")
    client.wait_frames(1)
    client.close()
    assert request.wait_over(5) == [{"error": "User disconnected", "correlation_id": "c"}]


@DIRECTIONS
def test_a_caller_that_leaves_frees_the_id(
    gateway_pair: GatewayStage, pids: list[int], here: int, there: int
) -> None:
    bot, client = gateway_pair.join("bot", silent, worker=pids[here])
    id = new_name("id")
    request = gateway_pair.ask(bot, pids[there], correlation_id=id)
    client.wait_frames(1)
    request.leave()
    body = item("nobody", correlation_id=id)
    wait_until(lambda: gateway_pair.hub.post("/sse/send", json=body).status_code == 200, 5, "a free id")


@DIRECTIONS
def test_only_the_target_may_answer(
    gateway_pair: GatewayStage, pids: list[int], here: int, there: int
) -> None:
    bot, client = gateway_pair.join("bot", silent, worker=pids[here])
    _, mallory = gateway_pair.join("Mallory", echo, worker=pids[there])
    request = gateway_pair.ask(bot, pids[there], correlation_id="secret")
    client.wait_frames(1)
    mallory.send({"correlation_id": "secret", "is_final": True, "n": "false"})
    mallory.send("[]")
    mallory.wait_frames(1)
    client.send({"correlation_id": "secret", "is_final": True, "n": "true"})
    assert [answer["n"] for answer in request.wait_over()] == ["true"]


def test_large_frames_cross(gateway_pair: GatewayStage, pids: list[int]) -> None:
    text = "ü\n" * 90_000
    bot, client = gateway_pair.join("bot", silent, worker=pids[0])
    request = gateway_pair.ask(bot, pids[1], text=text, correlation_id="c")
    assert client.wait_frames(1)[0]["text"] == text
    client.send({"correlation_id": "c", "text": text, "is_final": True})
    assert request.wait_over()[0]["text"] == text


def test_a_reader_that_does_not_read_is_not_delivered_to(gateway_pair: GatewayStage, pids: list[int]) -> None:
    """Its sender waits two seconds; the frames of other targets don't."""
    alice, client = gateway_pair.join("Alice", worker=pids[0])
    bob, his = gateway_pair.join("Bob", worker=pids[0])
    client.stop_reading()
    statuses = []
    while "partial" not in statuses:
        statuses.append(gateway_pair.post("/sse/push", item(alice, x="x" * 50_000), pids[1])[1]["status"])
        assert len(statuses) < 300
    assert statuses[0] == "success"
    items = [item(bob, n=1), item(alice, n=2), item(bob, n=3)]
    results = gateway_pair.post("/sse/push/batch", items, pids[1])[1]["results"]
    assert [result["success"] for result in results] == [True, False, True]
    assert len(his.wait_frames(2)) == 2


def test_health_counts_the_whole_cluster(gateway_pair: GatewayStage, pids: list[int]) -> None:
    def counts() -> list[int]:
        found = []
        for pid in pids:
            connection = gateway_pair.hub.connection(pid)
            connection.request("GET", "/health")
            answer = connection.getresponse()
            found.append(json.loads(answer.read())["connections"])
            connection.close()
        return found

    wait_until(lambda: counts() == [0, 0], 10, "the sockets of others to be gone")
    for pid in pids:
        gateway_pair.join("Alice", worker=pid)
    assert counts() == [2, 2]
