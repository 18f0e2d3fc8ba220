"""Many streams at once: what holds for one holds for hundreds, and nothing of them stays behind."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest
import redis

from tests.support.crowd import Crowd, Member
from tests.support.fixtures import StartHub, StartStage
from tests.support.publisher import Publisher
from tests.support.services import RedisServer
from tests.support.stage import Stage
from tests.support.wait import wait_until

PER_WORKER = 200


def publish_all(stage: Stage, each: int, disturb: Callable[[], None]) -> list[Publisher]:
    publishers = stage.publishers()
    greenlets = [gevent.spawn(publisher.publish, each) for publisher in publishers]
    wait_until(lambda: all(len(p.acknowledged) > each / 4 for p in publishers), 60, "a burst under way")
    disturb()
    gevent.joinall(greenlets, timeout=180, raise_error=True)
    stage.notify("the end")
    return publishers


def assert_everybody_has_everything(crowd: Crowd, publishers: list[Publisher]) -> None:
    wait_until(
        lambda: all(b"data: the end\n\n" in m.body[-200:] for m in crowd.members),
        60,
        lambda: f"the last of each: { {bytes(m.body[-40:]) for m in crowd.members} }",
    )
    orders = {tuple(member.events) for member in crowd.members}
    assert len(orders) == 1, "streams saw different orders"
    [events] = orders
    ids, texts = [id for id, _ in events], {data for _, data in events}
    assert len(set(ids)) == len(ids)
    for publisher in publishers:
        assert texts >= {f"{publisher.name}:{number}" for number in publisher.acknowledged}


@pytest.mark.parametrize("writer", ["poller", "generator"])
def test_a_killed_worker_among_hundreds_of_streams(start_pair: StartStage, writer: str) -> None:
    stage = start_pair(STREAM_WRITER=writer)
    with Crowd(stage.url, stage.token, 2 * PER_WORKER) as crowd:
        victim = stage.hub.worker_pids()[0]
        publishers = publish_all(stage, 1000, lambda: stage.hub.kill_worker(victim))
        assert_everybody_has_everything(crowd, publishers)
        came_back = sum(member.connections > 1 for member in crowd.members)
        assert 0 < came_back < 2 * PER_WORKER


def test_lost_redis_connections_among_hundreds_of_streams(
    start_pair: StartStage, own_redis: RedisServer
) -> None:
    stage = start_pair()

    def disturb() -> None:
        for _ in range(3):
            own_redis.kill_clients()
            gevent.sleep(0.2)

    with Crowd(stage.url, stage.token, 2 * PER_WORKER) as crowd:
        publishers = publish_all(stage, 1000, disturb)
        assert_everybody_has_everything(crowd, publishers)
        assert {member.connections for member in crowd.members} == {1}


def test_stalled_readers_slow_nobody_down_and_cost_bounded_memory(start_stage: StartStage) -> None:
    """The others' p99 with 100 of 1,000 stalled is within 1.2 of that without. Noise of the machine can
    only make a run look worse, so the best of up to eight are compared."""
    stage = start_stage(SUBSCRIBER_BUFFER_BYTES="65536")
    [worker] = stage.hub.worker_pids()
    with Crowd(stage.url, stage.token, 1000, receive_bytes=4096) as crowd:
        memory = resident_kb(worker)
        stalling, others = crowd.members[:100], crowd.members[100:]
        for member in stalling:
            member.is_timed = False
        before, during = [], []
        for _ in range(8):
            before.append(p99_of_a_run(stage, crowd))
            crowd.stall(stalling)
            during.append(p99_of_a_run(stage, crowd))
            crowd.resume()
            if min(during) <= 1.2 * min(before):
                break
        assert min(during) <= 1.2 * min(before), (before, during)
        # A reader may hold its limit and no more; frames are shared, so it is far less.
        assert resident_kb(worker) - memory < 100 * 64 + 20_000
        cut = [member for member in crowd.members if b'"slow_consumer"' in member.body]
        wait_until(lambda: all(m.body.endswith(b"\n\n") for m in cut), what="whole blocks")
        for member in others:
            assert member.connections == 1


def p99_of_a_run(stage: Stage, crowd: Crowd, events: int = 30, per_second: int = 20) -> float:
    """Milliseconds, of all but the first events."""
    crowd.latencies.clear()
    timed = [member for member in crowd.members if member.is_timed]
    for member in timed:
        del member.body[:-10_000]  # else this client gets slower from run to run
    for number in range(events):
        body = json.dumps({"t": time.time_ns(), "n": number, "x": "x" * 4000}).replace(" ", "")
        stage.notify(body)
        gevent.sleep(1 / per_second)
    wait_until(lambda: len(crowd.latencies) >= events * len(timed), 20, lambda: str(len(crowd.latencies)))
    return statistics.quantiles(crowd.latencies, n=100)[98]


def resident_kb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_what_came_and_went_leaves_nothing_behind(hub: StartHub, own_redis: RedisServer) -> None:
    """5,000 streams in rounds of 500, over fifty topics."""
    process = hub(workers=1, redis_url=own_redis.url, application="tests.support.inspected:app")
    token = process.register("Alice")[1]
    urls = [process.updates_url(process.constellation(token, f"c{n}")) for n in range(50)]
    [worker] = process.worker_pids()
    client = redis.Redis.from_url(own_redis.url)

    def state() -> dict[str, Any]:
        return {
            "descriptors": len(os.listdir(f"/proc/{worker}/fd")),
            "greenlets": process.get("/inspect/greenlets").json()["greenlets"],
            "channels": sorted(client.pubsub_channels()),
            "redis": len([c for c in client.client_list() if c["name"] == ""]),
        }

    drop_all(urls[:5], token)  # what is made once is made by now
    # What stays: control, the mail of the worker, its canary, and one that keeps the subscription open.
    wait_until(lambda: len(state()["channels"]) == 4, 20, lambda: str(state()))
    before = state()
    for round in range(10):
        drop_all(urls[round * 5 : round * 5 + 5], token)

    def is_as_before() -> bool:
        now = state()
        counts = ("descriptors", "greenlets", "redis")  # one request's may have been among those before
        return now["channels"] == before["channels"] and all(now[it] <= before[it] for it in counts)

    wait_until(is_as_before, 20, lambda: f"{before}, but now {state()}")


def drop_all(urls: list[str], token: str) -> None:
    for url in urls:
        with Crowd(url, token, 100) as crowd:
            members: list[Member] = crowd.members
            assert all(member.last_id for member in members)
