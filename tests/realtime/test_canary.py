"""A worker notices that no events arrive, reports it, and connects anew; on every broker."""

from collections.abc import Iterator
from time import monotonic

import gevent
import pytest
import redis

from app.realtime import canary
from app.realtime.broker import make_broker
from app.realtime.broker.base import HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from tests.realtime.conftest import MakeEngine
from tests.realtime.publishing import publish_when_possible
from tests.realtime.reader import Reader
from tests.support.link import DeafLink, Link
from tests.support.redis_sets import ClusterSet
from tests.support.services import RedisServer
from tests.support.wait import wait_until

BROKERS = ["memory", "redis", "sentinel", "cluster"]
TOPIC = "constellation:a"
DEAF_SECONDS = 5 + 3  # and what a busy machine may add


def start(engine: Engine) -> Engine:
    """Returns when its canary has come."""
    engine.start()
    wait_until(lambda: engine.canary.lag, 10, "a first canary")
    return engine


@pytest.fixture
def deaf_link(own_redis: RedisServer) -> Iterator[DeafLink]:
    link = DeafLink(own_redis.port)
    yield link
    link.close()


@pytest.fixture
def other_redis() -> Iterator[RedisServer]:
    server = RedisServer().start()
    yield server
    server.close()


@pytest.fixture
def link(own_redis: RedisServer) -> Iterator[Link]:
    link = Link(own_redis.port)
    yield link
    link.close()


def engine_over(link: Link) -> Engine:
    return Engine(make_broker(f"redis://127.0.0.1:{link.port}/0", HistoryLimits(), "test"), EngineSettings())


def test_canaries_come_all_the_time(engine: Engine) -> None:
    start(engine)
    began = monotonic()
    wait_until(lambda: monotonic() - began > 2 and engine.canary.age < 1.5, 10, "another one")
    wait_until(lambda: 0 < engine.canary.lag < 1, 10, "one in time")
    assert not engine.canary.is_late and not engine.canary.rescues


def test_a_process_that_only_runs_a_command_has_none(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary, "BEAT_SECONDS", 60)
    publish_when_possible(engine, TOPIC, "x")
    gevent.sleep(0.5)  # some ticks
    assert engine.canary.age < 5
    assert not birds_of(engine)


def test_each_worker_hears_its_own(make_engine: MakeEngine) -> None:
    engine = start(make_engine())
    mine = f"canary:{engine.worker_id}"
    assert birds_of(engine) and all(name.startswith(mine) for name in birds_of(engine))


@pytest.mark.parametrize("broker_url", ["redis"], indirect=True)
def test_little_is_kept_of_it_and_not_for_long(engine: Engine, redis_url: str) -> None:
    start(engine)
    with redis.Redis.from_url(redis_url) as client:
        history, position = (f"{engine.broker.prefix}:{{canary:{engine.worker_id}}}:{it}" for it in "hp")  # type: ignore[attr-defined]
        assert 0 < client.ttl(history) <= 60
        assert 0 < client.ttl(position) <= 3600


def birds_of(engine: Engine) -> list[str]:
    return [name for name in engine.hub.topics if name.startswith("canary:")]


def test_of_a_cluster_every_node_is_heard(own_cluster: ClusterSet) -> None:
    engine = Engine(make_broker(own_cluster.url, HistoryLimits(), "test"), EngineSettings())
    everywhere = {node.port for node in own_cluster.masters}
    try:
        start(engine)
        wait_until(lambda: {own_cluster.owner(it).port for it in birds_of(engine)} == everywhere, 10, "birds")
        moved = birds_of(engine)[0]
        target = next(node for node in own_cluster.masters if node is not own_cluster.owner(moved))
        own_cluster.begin_migration(moved, target)
        own_cluster.finish_migration(moved, target)

        def homes() -> set[int]:
            return {(target if it == moved else own_cluster.owner(it)).port for it in birds_of(engine)}

        wait_until(lambda: homes() == everywhere and len(birds_of(engine)) == 3, 20, "other birds")
        wait_until(lambda: engine.canary.age < 2, 10, "all of them to come")
    finally:
        engine.stop()


def test_a_worker_whose_events_do_not_come_says_so_and_asks_for_them(deaf_link: DeafLink) -> None:
    """Connecting anew does not help here; what was missed is read from the history each time."""
    engine = start(engine_over(deaf_link))
    try:
        reader = Reader(engine)
        reader.wait_for_cursor()
        deaf_link.is_deaf = True
        began = monotonic()
        engine.publish(TOPIC, Event("missed"))
        reader.wait_for("missed", timeout=DEAF_SECONDS)
        wait_until(
            lambda: engine.canary.is_late, DEAF_SECONDS - (monotonic() - began), "the worker to say so"
        )
        assert engine.broker.is_connected or engine.canary.rescues > 1
        engine.publish(TOPIC, Event("another"))
        reader.wait_for("missed", "another", timeout=DEAF_SECONDS)
        assert engine.canary.is_late
        deaf_link.is_deaf = False
        wait_until(lambda: not engine.canary.is_late, 10, "the canary to come again")
    finally:
        engine.stop()


def test_one_node_of_a_cluster_that_delivers_nothing(own_cluster: ClusterSet) -> None:
    """The canaries of the other nodes do not speak for it."""
    links = [DeafLink(node.port) for node in own_cluster.masters]
    for node, link in zip(own_cluster.masters, links, strict=True):
        with node.client() as client:
            client.config_set("cluster-announce-port", link.port)
    engine = Engine(
        make_broker(f"redis+cluster://127.0.0.1:{links[0].port}", HistoryLimits(), "test"), EngineSettings()
    )
    names = (f"constellation:{number}" for number in range(1000))
    topic = next(name for name in names if own_cluster.owner(name) is own_cluster.masters[1])
    try:
        start(engine)
        wait_until(lambda: len(birds_of(engine)) == 3 and engine.canary.age < 2, 10, "a bird for each node")
        reader = Reader(engine, topic)
        reader.wait_for_cursor()
        links[1].is_deaf = True
        engine.publish(topic, Event("missed"))
        reader.wait_for("missed", timeout=DEAF_SECONDS)
        wait_until(lambda: engine.canary.is_late, DEAF_SECONDS, "the worker to say so")
        links[1].is_deaf = False
        wait_until(lambda: not engine.canary.is_late, 10, "the canary to come again")
    finally:
        engine.stop()
        for link in links:
            link.close()


def test_a_connection_to_a_server_that_was_replaced_is_left(
    link: Link, own_redis: RedisServer, other_redis: RedisServer
) -> None:
    """An address moved to another server: commands go there, and the old one still answers pings."""
    engine = start(engine_over(link))
    try:
        reader = Reader(engine)
        reader.wait_for_cursor()
        link.target = other_redis.port
        with own_redis.client() as client:
            client.client_kill_filter(_type="normal")
        began = monotonic()
        publish_when_possible(engine, TOPIC, "there")
        assert engine.broker.is_connected
        wait_until(
            lambda: reader.named("stream.reset") or reader.messages, DEAF_SECONDS, "the reader to hear"
        )
        assert monotonic() - began < DEAF_SECONDS
        assert engine.canary.rescues == 1
        publish_when_possible(engine, TOPIC, "after")
        wait_until(lambda: reader.messages[-1:] == ["after"], what=lambda: str(reader.events))
    finally:
        engine.stop()


def test_a_broker_that_is_slow_is_not_left(link: Link) -> None:
    """Events come late, and they come."""
    engine = start(engine_over(link))
    try:
        reader = Reader(engine)
        reader.wait_for_cursor()
        link.delay = 0.7
        engine.publish(TOPIC, Event("late"))
        reader.wait_for("late")
        wait_until(lambda: engine.canary.lag > 0.5, 10, "a late canary")
        wait_until(lambda: engine.canary.lag > 0.5 and engine.canary.age < 2, 10, "more of them")
        assert engine.canary.rescues == 0
    finally:
        engine.stop()


def test_while_the_broker_is_frozen_nobody_is_left_in_doubt(own_redis: RedisServer) -> None:
    engine = start(Engine(make_broker(own_redis.url, HistoryLimits(), "test"), EngineSettings()))
    try:
        own_redis.pause()
        began = monotonic()
        wait_until(lambda: engine.canary.is_late, 10, "the canary to be missed")
        assert monotonic() - began < DEAF_SECONDS
        own_redis.resume()
        wait_until(lambda: not engine.canary.is_late, 10, "the canary to come again")
        assert engine.canary.rescues == 0
    finally:
        own_redis.resume()
        engine.stop()
