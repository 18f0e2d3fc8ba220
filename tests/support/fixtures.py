"""Fixtures of the servers, loaded by the root conftest as a plugin.

Services that are not there skip the tests that need them, with the reason; nothing else skips.
TEST_REDIS_URL and TEST_DATABASE_URL name servers to use where any will do; what a test kills is its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import redis

from tests.support.eventsource import EventSource
from tests.support.gateway import GatewayStage
from tests.support.hub import HubProcess
from tests.support.pgbouncer import PgBouncer, find_pgbouncer
from tests.support.redis_sets import ClusterSet, SentinelSet
from tests.support.services import (
    PostgresServer,
    RedisServer,
    create_database,
    drop_database,
    find_postgres,
    find_redis,
)
from tests.support.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser

S = TypeVar("S", RedisServer, SentinelSet, ClusterSet)
StartHub = Callable[..., HubProcess]
OpenStream = Callable[..., EventSource]
StartStage = Callable[..., Stage]
StartGateway = Callable[..., GatewayStage]


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis of this session's own; a test that stops or pauses it takes `own_redis`."""
    yield from _run_redis()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A Redis for one test alone."""
    yield from _run_redis()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """An empty Redis database: of TEST_REDIS_URL (which is flushed!), else of `redis_server`."""
    url = os.environ.get("TEST_REDIS_URL") or request.getfixturevalue("redis_server").url
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return str(url)


@pytest.fixture(scope="session")
def sentinel_set() -> Iterator[SentinelSet]:
    """A master, a replica and sentinels of this session's own; what kills one takes `own_sentinels`."""
    yield from _run(SentinelSet)


@pytest.fixture
def own_sentinels() -> Iterator[SentinelSet]:
    """For one test alone, with one sentinel, which needs no other's consent."""
    yield from _run(lambda: SentinelSet(1))


@pytest.fixture(scope="session")
def cluster_set() -> Iterator[ClusterSet]:
    """Three masters of this session's own; what kills one or moves slots takes `own_cluster`."""
    yield from _run(ClusterSet)


@pytest.fixture
def own_cluster() -> Iterator[ClusterSet]:
    """For one test alone; its first master has a replica."""
    yield from _run(lambda: ClusterSet(replica=True))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this session's own; a test that stops it takes `own_postgres`."""
    yield from _run_postgres()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for one test alone."""
    yield from _run_postgres()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> str:
    """TEST_DATABASE_URL, else the URL of `postgres_server`: beside that database new ones may be made."""
    url: str = os.environ.get("TEST_DATABASE_URL") or request.getfixturevalue("postgres_server").url
    return url


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A new, empty database."""
    url = create_database(postgres)
    yield url
    drop_database(postgres, url)


@pytest.fixture(scope="session")
def pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    if find_pgbouncer() is None:
        pytest.skip("no pgbouncer on this machine (scripts/test-services installs it)")
    pooler = PgBouncer(postgres_server.url)
    try:
        yield pooler.start()
    finally:
        pooler.close()


@pytest.fixture
def pooled_url(postgres_server: PostgresServer, pgbouncer: PgBouncer) -> Iterator[str]:
    """A new, empty database of `postgres_server`, through a pooler in transaction mode."""
    url = create_database(postgres_server.url)
    yield pgbouncer.url(url)
    drop_database(postgres_server.url, url)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StartHub]:
    """`hub(workers=2, redis_url=…, HEARTBEAT_SECONDS="1")` → a started HubProcess, stopped after the test.

    With `start=False` it is only made. The log of a hub is part of the report when the test fails.
    """
    made: list[HubProcess] = []

    def start_hub(*, start: bool = True, **options: Any) -> HubProcess:
        process = HubProcess(tmp_path / f"hub{len(made)}", **options)
        made.append(process)
        return process.start() if start else process

    yield start_hub
    for process in made:
        process.stop()
        # pytest shows captured output of failed tests only.
        print(f"--- {process.url}\n{process.log[-6000:]}")


@pytest.fixture(scope="session")
def shared_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """One worker with the in-process broker, for tests that leave it as it was and take new names."""
    process = HubProcess(tmp_path_factory.mktemp("hub"))
    yield process.start()
    process.stop()


@pytest.fixture(scope="session")
def shared_pair(tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer) -> Iterator[HubProcess]:
    """Two workers over `redis_server`, on the same terms."""
    url = redis_server.url.removesuffix("/0") + "/1"  # the other tests flush database 0
    process = HubProcess(tmp_path_factory.mktemp("pair"), workers=2, redis_url=url, HISTORY_SIZE="5000")
    yield process.start()
    process.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, the system's own. There can be one Playwright at a time, so all tests share it."""
    # Not at the top: most sessions of tests need no browser.
    from playwright.sync_api import sync_playwright

    from tests.support.console import find_chromium, launch

    if find_chromium() is None:
        pytest.skip("no Chromium on this machine (scripts/test-services --with chromium installs it)")
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def open_stream() -> Iterator[OpenStream]:
    """`open_stream(url, token=…)` → an EventSource, closed after the test."""
    made: list[EventSource] = []

    def open_one(*arguments: Any, **options: Any) -> EventSource:
        source = EventSource(*arguments, **options)
        made.append(source)
        return source

    yield open_one
    for source in made:
        source.close()


@pytest.fixture
def stage(shared_hub: HubProcess, open_stream: OpenStream) -> Stage:
    """On a worker that other tests use too."""
    return Stage(shared_hub, open_stream)


@pytest.fixture
def pair(shared_pair: HubProcess, open_stream: OpenStream) -> Stage:
    """On two workers that other tests use too."""
    return Stage(shared_pair, open_stream)


@pytest.fixture
def start_stage(hub: StartHub, open_stream: OpenStream) -> StartStage:
    """`start_stage(HEARTBEAT_SECONDS="1")`: on a hub of its own."""
    return lambda **options: Stage(hub(**options), open_stream)


@pytest.fixture
def start_pair(start_stage: StartStage, own_redis: RedisServer) -> StartStage:
    """`start_pair()`: on two workers and a Redis of its own, which the test may kill."""
    # A history long enough for a client that is away while others publish as fast as they can.
    defaults = {"workers": 2, "redis_url": own_redis.url, "HISTORY_SIZE": "5000"}
    return lambda **options: start_stage(**(defaults | options))


@pytest.fixture
def gateway(shared_hub: HubProcess) -> Iterator[GatewayStage]:
    """The gateway of a worker that other tests use too, with GATEWAY_AUTH=open."""
    stage = GatewayStage(shared_hub)
    yield stage
    stage.close()


@pytest.fixture
def gateway_pair(shared_pair: HubProcess) -> Iterator[GatewayStage]:
    """The same of two workers."""
    stage = GatewayStage(shared_pair)
    yield stage
    stage.close()


@pytest.fixture
def start_gateway(hub: StartHub) -> Iterator[StartGateway]:
    """`start_gateway(GATEWAY_AUTH="token")`: on a hub of its own."""
    made: list[GatewayStage] = []

    def start(**options: Any) -> GatewayStage:
        made.append(GatewayStage(hub(**options)))
        return made[-1]

    yield start
    for stage in made:
        stage.close()


def _run_redis() -> Iterator[RedisServer]:
    yield from _run(RedisServer)


def _run(make: Callable[[], S]) -> Iterator[S]:
    """One Redis, or several that belong together."""
    if find_redis() is None:
        pytest.skip("no redis-server on this machine (scripts/test-services installs it)")
    servers = make()
    try:
        yield servers.start()
    finally:
        servers.close()


def _run_postgres() -> Iterator[PostgresServer]:
    if find_postgres() is None:
        pytest.skip("no PostgreSQL server on this machine (scripts/test-services installs it)")
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.close()
