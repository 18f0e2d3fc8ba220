"""Every connection to Redis is cut, again and again."""

from __future__ import annotations

import pytest

from tests.faults.circle import Circle
from tests.faults.table import Outcome
from tests.faults.watch import Readiness, total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.inbox import CLIENT
from tests.support.services import RedisServer

TIMES = 10


@pytest.mark.fault("Redis connections are killed")
def test_cut_redis_connections(start_pair: StartStage, own_redis: RedisServer, outcome: Outcome) -> None:
    stage = start_pair(HEARTBEAT_SECONDS="1", **CLIENT)
    hub, cut = stage.hub, 0
    with Circle(stage) as circle, Readiness(hub) as readiness:
        for _ in range(TIMES):
            cut += own_redis.kill_clients()
            circle.wait_under_way(5)
        green = circle.wait_well()
        files, messages = circle.end()
        circle.assert_complete(files)
        assert set(circle.editor.answers) == {201}
    found = read(hub)
    failing = sorted({answer[2] for answer in readiness.answers if answer[1] == 503})

    outcome.clients(
        f"{cut} connections are cut, {TIMES} times all of them: {circle.posted_again} of"
        f" {circle.acknowledged} notifications are answered by 503 and posted again; no stream and no socket"
        " notices"
    )
    outcome.ready(
        f"503 ({'; '.join(failing) or 'none'}) for a moment each ({readiness.count(503)} of"
        f" {len(readiness.answers)} asked); 200 {green:.1f} s after the last cut"
    )
    outcome.metrics(
        f"`hub_publish_failures_total` {total(found, 'hub_publish_failures_total')},"
        f" `hub_canary_rescues_total` {total(found, 'hub_canary_rescues_total')}: what is cut shows by itself"
    )
    outcome.kept(
        f"{circle.acknowledged} notifications in order on every stream, no `stream.reset`;"
        f" {len(files)} files; {messages} messages, all there"
    )
