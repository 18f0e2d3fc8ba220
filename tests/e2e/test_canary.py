"""Workers that hear nothing though Redis answers them say so, and their readers get what they missed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.link import DeafLink
from tests.support.services import RedisServer
from tests.support.wait import wait_until

DEAF_SECONDS = 5 + 5  # and what a busy machine may add
REASON = "No event came through the broker"


@pytest.fixture
def link(own_redis: RedisServer) -> Iterator[DeafLink]:
    link = DeafLink(own_redis.port)
    yield link
    link.close()


def test_deaf_workers(start_stage: StartStage, link: DeafLink) -> None:
    stage = start_stage(workers=2, redis_url=f"redis://127.0.0.1:{link.port}/0")
    hub, sources = stage.hub, stage.open_on_both(2)
    wait_until(lambda: 0 < read(hub)["hub_canary_lag_seconds",] < 1, 10, "canaries")
    wait_health(hub, 200)
    link.is_deaf = True
    began = time.monotonic()
    stage.notify("missed")
    for source in sources:
        source.wait_for(lambda it: it.data == ["missed"], timeout=DEAF_SECONDS - (time.monotonic() - began))
    wait_health(hub, 503, DEAF_SECONDS - (time.monotonic() - began))
    said: list[str] = []
    wait_until(lambda: said.append(wait_health(hub, 503)) or REASON in said[-1], 10, "the reason itself")
    assert "REDIS_URL" in said[-1]
    wait_until(lambda: read(hub)["hub_canary_age_seconds",] > 4, 10, "the metric")
    assert read(hub)["hub_canary_rescues_total",] >= 1
    link.is_deaf = False
    wait_health(hub, 200)
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["missed", "after"])
        assert source.attempts == 1
