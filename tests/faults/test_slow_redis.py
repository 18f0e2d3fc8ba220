"""Every answer of Redis is late: half a second, which is slow, and then three, which is as good as none."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.circle import Circle
from tests.faults.table import Outcome
from tests.faults.watch import total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.inbox import CLIENT
from tests.support.link import Link
from tests.support.services import RedisServer
from tests.support.wait import wait_until

SLOW, TOO_SLOW = 0.5, 3.0


@pytest.fixture
def link(own_redis: RedisServer) -> Iterator[Link]:
    link = Link(own_redis.port)
    yield link
    link.close()


@pytest.mark.fault("Redis is slow")
def test_a_slow_redis(start_pair: StartStage, link: Link, outcome: Outcome) -> None:
    # A question that was accepted and then lost ends soon.
    settings = {"HEARTBEAT_SECONDS": "1", "REPLY_TIMEOUT_SECONDS": "5", **CLIENT}
    stage = start_pair(redis_url=f"redis://127.0.0.1:{link.port}/0", **settings)
    hub = stage.hub
    with Circle(stage) as circle:
        link.delay = SLOW
        wait_until(lambda: read(hub)["hub_canary_lag_seconds",] > SLOW, 15, "late canaries")
        calls = circle.call_all()
        assert {call.status for call in calls} == {200} and '"is_final": true' in calls[2].text, calls
        circle.wait_under_way(5, 60)
        wait_health(hub, 200)
        slow = read(hub)
        link.delay = TOO_SLOW
        began = time.monotonic()
        said = wait_health(hub, 503)
        red = time.monotonic() - began
        slowest = circle.wait_refused(60)
        circle.wait_beats()
        too_slow = read(hub)
        link.delay = 0
        green = circle.wait_well(60)
        files, messages = circle.end()
        circle.assert_complete(files)
        assert set(circle.editor.answers) == {201}
    assert "broker" in said
    rescues = total(slow, "hub_canary_rescues_total")
    assert rescues == 0

    outcome.clients(
        f"{SLOW} s late: all works, later (a notification takes {calls[0].seconds:.1f} s, a push"
        f" {calls[1].seconds:.1f} s, a question {calls[2].seconds:.1f} s). {TOO_SLOW:.0f} s late: as when it"
        f" is away, 503 with `Retry-After` (within {slowest:.1f} s, once that is known);"
        f" {len(circle.sources)} streams stay open and beat, sockets stay open"
    )
    outcome.ready(
        f"{SLOW} s late: 200. {TOO_SLOW:.0f} s late: 503 `broker` from both workers after {red:.1f} s; 200"
        f" {green:.1f} s after it is fast again"
    )
    outcome.metrics(
        f"`hub_canary_lag_seconds` {slow['hub_canary_lag_seconds',]:.1f}, no rescue; then"
        f" `hub_canary_age_seconds` {too_slow['hub_canary_age_seconds',]:.0f}"
    )
    outcome.kept(
        f"{circle.acknowledged} notifications ({circle.posted_again} posted again) in order on every stream,"
        f" no `stream.reset`; {len(files)} files; {messages} messages, all there"
    )
