"""Workers that hear nothing though Redis answers them say so, and their readers get what they missed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.fixtures import StartStage
from tests.support.hub import HubProcess
from tests.support.link import DeafLink
from tests.support.services import RedisServer
from tests.support.wait import wait_until

DEAF_SECONDS = 5


@pytest.fixture
def link(own_redis: RedisServer) -> Iterator[DeafLink]:
    link = DeafLink(own_redis.port)
    yield link
    link.close()


def failing(hub: HubProcess) -> list[str]:
    """What whichever worker answers says of itself."""
    return list(hub.get("/health/ready").json().get("failing", {}))


def read(hub: HubProcess, name: str) -> float:
    text = hub.get("/metrics", headers={"Accept": "text/plain"}).text
    families = text_string_to_metric_families(text)
    return next(it.value for family in families for it in family.samples if it.name == name)


def test_deaf_workers(start_stage: StartStage, link: DeafLink) -> None:
    stage = start_stage(workers=2, redis_url=f"redis://127.0.0.1:{link.port}/0")
    hub, sources = stage.hub, stage.open_on_both(2)
    wait_until(lambda: 0 < read(hub, "hub_canary_lag_seconds") < 1, 10, "canaries")
    assert failing(hub) == []
    link.is_deaf = True
    began = time.monotonic()
    stage.notify("missed")
    for source in sources:
        source.wait_for(lambda it: it.data == ["missed"], timeout=DEAF_SECONDS - (time.monotonic() - began))
    wait_until(lambda: "canary" in failing(hub), DEAF_SECONDS - (time.monotonic() - began), "red")
    wait_until(lambda: read(hub, "hub_canary_age_seconds") > 4, 10, "the metric")
    assert read(hub, "hub_canary_rescues_total") >= 1
    link.is_deaf = False
    for pid in hub.worker_pids():
        connection = hub.connection(pid)

        def is_ready() -> bool:
            connection.request("GET", "/health/ready")  # noqa: B023
            answer = connection.getresponse()  # noqa: B023
            return bool(answer.read()) and answer.status == 200

        wait_until(is_ready, 10, "a worker that hears")
        connection.close()
    stage.notify("after")
    for source in sources:
        source.wait_for(lambda it: it.data == ["missed", "after"])
        assert source.attempts == 1
