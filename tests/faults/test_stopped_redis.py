"""Redis is away for ten seconds and comes back with all it had (appendonly)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.circle import Circle
from tests.faults.table import Outcome
from tests.faults.watch import wait_total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.inbox import CLIENT
from tests.support.services import RedisServer, find_redis
from tests.support.wait import wait_until

AWAY_SECONDS = 10


@pytest.fixture
def lasting_redis() -> Iterator[RedisServer]:
    if find_redis() is None:
        pytest.skip("no redis-server on this machine (scripts/test-services installs it)")
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always").start()
    yield server
    server.close()


@pytest.mark.fault("Redis is stopped for 10 s")
def test_a_stopped_redis(start_pair: StartStage, lasting_redis: RedisServer, outcome: Outcome) -> None:
    stage = start_pair(redis_url=lasting_redis.url, HEARTBEAT_SECONDS="1", **CLIENT)
    hub = stage.hub
    with Circle(stage) as circle:
        lasting_redis.stop()
        gone_at = time.monotonic()
        said = wait_health(hub, 503)
        red = time.monotonic() - gone_at
        assert "check that Redis runs" in said and '"listener"' in said, said
        slowest = circle.wait_refused()
        made, sent = len(circle.editor.made), len(circle.messages.sent)
        circle.wait_beats()
        wait_until(lambda: time.monotonic() - gone_at > AWAY_SECONDS, AWAY_SECONDS, "ten seconds")
        away = read(hub)
        made, sent = len(circle.editor.made) - made, len(circle.messages.sent) - sent
        assert made > 0 and sent > 0 and set(circle.editor.answers) == {201}
        lasting_redis.start()
        green = circle.wait_well()
        files, messages = circle.end()
        circle.assert_complete(files)
    assert away["hub_broker_connected",] == 0 and away["hub_canary_age_seconds",] > 4
    wait_total(hub, 0, "hub_outbox_events")
    wait_total(hub, 2, "hub_broker_connected")

    outcome.clients(
        f"notifications, pushes and questions are answered by 503 with `Retry-After` within {slowest:.1f} s;"
        f" {made} files and {sent} messages are stored all the same (201, 202) and told when Redis is back;"
        f" {len(circle.sources)} streams stay open and beat; sockets stay open under their names"
    )
    outcome.ready(f"503 `broker`, `listener` after {red:.1f} s, 200 {green:.1f} s after the start")
    outcome.metrics(
        f"`hub_broker_connected` 0, `hub_canary_age_seconds` {away['hub_canary_age_seconds',]:.0f},"
        f" `hub_outbox_events` {away['hub_outbox_events',]:.0f}; 2 and an empty outbox after"
    )
    outcome.kept(
        f"{circle.acknowledged} notifications ({circle.posted_again} posted again) in order on every stream,"
        f" no `stream.reset`; {len(files)} files; {messages} messages, all there"
    )
