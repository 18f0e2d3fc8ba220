"""/api/ops over two workers: both are in it, and one that stands still keeps nobody waiting."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.support.fixtures import StartGateway, StartStage
from tests.support.services import RedisServer
from tests.support.stage import Stage
from tests.support.wait import wait_until

DEADLINE = 1.0
MARGIN = 1.0  # for a machine that is busy with other things


@pytest.fixture
def stage(start_pair: StartStage) -> Stage:
    """Alice is an operator, and both workers are listed."""
    stage = start_pair()
    stage.hub.flask("user", "admin", stage.name)
    wait_until(lambda: len(ask(stage, "stats")["workers"]) == 2, 10, "both workers to be listed")
    return stage


def ask(stage: Stage, what: str, pid: int | None = None) -> dict[str, Any]:
    """What that worker, or any, answers."""
    connection = stage.hub.connection(pid)
    try:
        return ask_over(connection, stage, what)
    finally:
        connection.close()


def whole(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """An answer that nobody is missing in: one who is held up for half a second is left out."""
    return wait_until(lambda: not (found := ask())["partial"] and found, 10, "a whole answer")


def ask_all(stage: Stage, what: str, pid: int | None = None) -> dict[str, Any]:
    return whole(lambda: ask(stage, what, pid))


def ask_over(connection: HTTPConnection, stage: Stage, what: str) -> dict[str, Any]:
    connection.request("GET", f"/api/ops/{what}", headers={"Authorization": f"Bearer {stage.token}"})
    answer = connection.getresponse()
    body: dict[str, Any] = json.loads(answer.read())
    assert answer.status == 200, body
    return body


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def test_both_workers_are_in_every_answer(stage: Stage) -> None:
    sources = stage.open_on_both(6)
    stage.notify("one", "two")
    for source in sources:
        source.wait_for_messages(2)
    pids = stage.hub.worker_pids()
    held = {pid: len(stage.hub.streams_of(sources, pid)) for pid in pids}
    for pid in pids:
        stats = ask_all(stage, "stats", pid)
        assert stats["silent"] == []
        assert {it["pid"]: it["streams"] for it in stats["workers"]} == held
        assert stats["totals"]["streams"] == stats["streams_by_kind"]["constellation"] == len(sources)
        assert (stats["totals"]["published"], stats["totals"]["delivered"]) == (2, 2 * len(sources))
        (topic,) = ask_all(stage, "topics", pid)["topics"]
        assert topic == {
            "topic": f"constellation:{stage.constellation}",
            "subscribers": len(sources),
            "events": 2,
            "workers": 2,
        }


def test_one_that_stands_still_is_named_within_the_deadline(stage: Stage) -> None:
    sources = stage.open_on_both(4)
    still, awake = stage.hub.worker_pids()
    ids = {it["pid"]: it["id"] for it in ask_all(stage, "stats")["workers"]}
    connection = stage.hub.connection(awake)  # a new one might be given to the other worker
    with frozen(still):
        answers = {}
        for what in ("stats", "connections", "topics"):
            began = time.monotonic()
            answer = answers[what] = ask_over(connection, stage, what)
            assert time.monotonic() - began < DEADLINE + MARGIN
            assert (answer["partial"], answer["silent"]) == (True, [ids[still]])
        held = len(stage.hub.streams_of(sources, awake))
        assert [(it["pid"], it["streams"]) for it in answers["stats"]["workers"]] == [(awake, held)]
        assert answers["topics"]["topics"][0]["subscribers"] == held
    assert ask_all(stage, "stats", awake)["totals"]["streams"] == len(sources)


def test_one_that_died_is_missed_by_nobody(stage: Stage) -> None:
    dead = stage.hub.worker_pids()[0]
    stage.hub.kill_worker(dead)

    def is_replaced() -> bool:
        stats = ask(stage, "stats")
        return len(stats["workers"]) == 2 and dead not in [it["pid"] for it in stats["workers"]]

    wait_until(is_replaced, 20, "another worker in its place")
    ask_all(stage, "stats")


def test_while_redis_is_away_each_shows_itself(stage: Stage, own_redis: RedisServer) -> None:
    own_redis.stop()
    for pid in stage.hub.worker_pids():
        wait_until(lambda pid=pid: ask(stage, "stats", pid)["partial"], 10)  # type: ignore[misc]
        assert [it["pid"] for it in ask(stage, "stats", pid)["workers"]] == [pid]
    own_redis.start()
    wait_until(lambda: len(ask(stage, "stats")["workers"]) == 2, 20, "both workers to be listed again")


def test_who_is_connected_where(start_gateway: StartGateway, redis_url: str) -> None:
    stage = start_gateway(workers=2, redis_url=redis_url)
    pids = stage.hub.worker_pids()
    clients = [stage.connect(f"user{number:02}", worker=pids[number % 2]) for number in range(10)]
    _, token = stage.hub.register("Alice")
    stage.hub.flask("user", "admin", "Alice")
    path = "/api/ops/connections?prefix=user&per_page=4"

    def get(path: str) -> Any:
        return stage.hub.get(path, token=token).json()

    wait_until(lambda: get(path)["total"] == 10, 10, "ten connections")
    found: list[dict[str, Any]] = []
    after = ""
    while after is not None:
        answer = whole(partial(get, f"{path}&after={after}"))
        found += answer["connections"]
        after = answer["next"]
    assert [it["name"] for it in found] == [f"user{number:02}" for number in range(10)]
    workers = whole(partial(get, "/api/ops/stats"))["workers"]
    ids = {it["pid"]: it["id"] for it in workers}
    assert [it["worker"] for it in found] == [ids[pids[number % 2]] for number in range(10)]
    assert all(client.is_open for client in clients)
