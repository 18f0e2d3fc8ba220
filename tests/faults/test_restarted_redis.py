"""Redis is killed and started again; it had no files, so every history is lost."""

from __future__ import annotations

import time

import pytest

from tests.faults.circle import Circle
from tests.faults.editor import told
from tests.faults.table import Outcome
from tests.faults.watch import Readiness, total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.inbox import CLIENT
from tests.support.services import RedisServer

TIMES = 3


@pytest.mark.fault("Redis is restarted empty")
def test_a_redis_restarted_empty(start_pair: StartStage, own_redis: RedisServer, outcome: Outcome) -> None:
    stage = start_pair(HEARTBEAT_SECONDS="1", **CLIENT)
    hub, slowest, green = stage.hub, 0.0, 0.0
    with Circle(stage) as circle, Readiness(hub) as readiness:
        for number in range(TIMES):
            own_redis.restart_empty()
            began = time.monotonic()
            for source in circle.sources:
                source.wait_for(lambda it, n=number: len(it.named("stream.reset")) > n, timeout=10)  # type: ignore[misc]
            slowest = max(slowest, time.monotonic() - began)
            green = max(green, circle.wait_well())
        files, messages = circle.end()
        lost = circle.assert_told()
        assert set(circle.editor.answers) == {201}
    for source in circle.sources:
        assert {event.data for event in source.named("stream.reset")} == {'{"reason": "history_lost"}'}
        assert set(files[-10:]) <= set(told(source))
    failures = total(read(hub), "hub_publish_failures_total")

    outcome.clients(
        f"every stream stays open and gets `stream.reset` (`history_lost`) within {slowest:.1f} s of the"
        f" start ({TIMES} restarts); {circle.posted_again} notifications are refused by 503 and posted again;"
        " bots keep their sockets and their names"
    )
    outcome.ready(
        f"503 until it is back ({readiness.count(503)} of {len(readiness.answers)} asked); 200 at most"
        f" {green:.1f} s after the streams know"
    )
    outcome.metrics(f"`hub_publish_failures_total` {failures}; `hub_broker_connected` 2 again")
    outcome.kept(
        f"of {circle.acknowledged} notifications a stream lacks {lost} at most, where `stream.reset` told it"
        f" to load anew; {len(files)} files are stored; {messages} messages, all there"
    )
