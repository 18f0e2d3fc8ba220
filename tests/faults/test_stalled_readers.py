"""100 of 200 readers stay connected and read nothing more."""

from __future__ import annotations

import json
import statistics
import time

import gevent
import pytest

from tests.faults.table import Outcome
from tests.faults.watch import Readiness, total, wait_total
from tests.support.crowd import Crowd, Member
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.stage import Stage
from tests.support.wait import wait_until

READERS, STALLED, EVENT_BYTES, MOST_EVENTS = 200, 100, 8_000, 1500
BUFFER_BYTES = 65_536
STREAMS = {"SUBSCRIBER_BUFFER_BYTES": str(BUFFER_BYTES), "HISTORY_BYTES": "67108864"}


@pytest.mark.fault("100 readers stall")
def test_stalled_readers(start_pair: StartStage, outcome: Outcome) -> None:
    stage = start_pair(**STREAMS)
    hub = stage.hub
    with Crowd(stage.url, stage.token, READERS, receive_bytes=4096) as crowd, Readiness(hub) as readiness:
        stalled, others = crowd.members[:STALLED], crowd.members[STALLED:]
        texts = publish(stage, 0, 50)
        wait_everybody(crowd.members, texts)
        before, memory = p99(crowd), total(read(hub), "hub_resident_memory_bytes")

        crowd.stall(stalled)
        while ended(stage) < STALLED:
            assert len(texts) < MOST_EVENTS, f"{ended(stage)} were ended"
            texts += publish(stage, len(texts), 25)
        wait_everybody(others, texts)
        during, more = p99(crowd), total(read(hub), "hub_resident_memory_bytes") - memory
        assert {member.connections for member in others} == {1}
        assert readiness.count(200) == len(readiness.answers)
        assert more < STALLED * BUFFER_BYTES + 40_000_000

        crowd.resume()
        wait_everybody(crowd.members, texts)
    assert all(member.connections > 1 for member in stalled)
    counted = total(read(hub), "hub_streams_ended_total", "slow_consumer")
    resumed = wait_total(hub, sum(m.connections - 1 for m in stalled), "hub_stream_verdicts_total", "resumed")

    outcome.clients(
        f"the {READERS - STALLED} others notice nothing (p99 {before:.0f} ms before and"
        f" {during:.0f} ms meanwhile, all processes on one machine); each of the {STALLED} is ended once"
        f" {BUFFER_BYTES // 1024} KB wait for it (`SUBSCRIBER_BUFFER_BYTES`, 1 MiB by default). Who reads"
        " again within 2 s is told `slow_consumer`, who does so later sees the connection end; all come back"
        " with their cursor"
    )
    outcome.ready("200 all the time")
    outcome.metrics(
        f'`hub_streams_ended_total{{reason="slow_consumer"}}` {counted}, {resumed} verdicts `resumed`;'
        f" `hub_resident_memory_bytes` rose by {more / 1e6:.0f} MB"
    )
    outcome.kept(f"{len(texts)} notifications of 8 KB on all {READERS} streams, in order, none twice")


def publish(stage: Stage, first: int, count: int) -> list[str]:
    """What was acknowledged; the others' latencies are taken from the times in it."""
    texts = []
    for number in range(first, first + count):
        event = {"t": time.time_ns(), "n": number, "x": "x" * EVENT_BYTES}
        texts.append(json.dumps(event, separators=(",", ":")))
        stage.notify(texts[-1])
        gevent.sleep(0.05)
    return texts


def ended(stage: Stage) -> int:
    return total(read(stage.hub), "hub_streams_ended_total", "slow_consumer")


def p99(crowd: Crowd) -> float:
    """Milliseconds, since the last time that it was asked."""
    found = statistics.quantiles(crowd.latencies, n=100)[98]
    crowd.latencies.clear()
    return found


def wait_everybody(members: list[Member], texts: list[str]) -> None:
    """Until each has all of it, in order and once."""
    end = texts[-1].encode()
    wait_until(lambda: all(end in m.body[-2 * len(end) :] for m in members), 40, "everybody to have all")
    for member in members:
        assert [data for _, data in member.events] == texts
