"""Slots move and nodes die: streams go on, in order, and messages still reach their worker."""

from collections.abc import Callable, Iterator

import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.broker.redis.broker import RedisBroker
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from app.web.limits_storage import BrokerStorage
from tests.realtime.conftest import Listener, start_broker
from tests.realtime.publishing import publish_when_possible
from tests.realtime.reader import Reader
from tests.support.redis_sets import ClusterSet
from tests.support.services import find_redis
from tests.support.wait import wait_until

MakeWorker = Callable[[], Engine]


def topic_of(servers: ClusterSet, number: int) -> str:
    """A topic with its keys on the master of that number."""
    names = (f"constellation:{n}" for n in range(1000))
    return next(name for name in names if servers.owner(name) is servers.masters[number])


@pytest.fixture
def make_worker(own_cluster: ClusterSet) -> Iterator[MakeWorker]:
    made: list[Engine] = []

    def make() -> Engine:
        made.append(Engine(make_broker(own_cluster.url, HistoryLimits(), "test"), EngineSettings()))
        made[-1].start()
        wait_until(lambda: made[-1].broker.is_connected, 10, "the worker to listen")
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def open_readers(topic: str, *engines: Engine) -> list[Reader]:
    readers = [Reader(engine, topic) for engine in engines]
    for reader in readers:
        reader.wait_for_cursor()
    return readers


def test_topics_live_on_every_node_and_each_hears_its_own(
    make_worker: MakeWorker, own_cluster: ClusterSet
) -> None:
    one, other = make_worker(), make_worker()
    for number, node in enumerate(own_cluster.masters):
        topic = topic_of(own_cluster, number)
        (reader,) = open_readers(topic, other)
        one.publish(topic, Event(topic))
        reader.wait_for(topic)
        with node.client() as client:
            assert len(client.keys(f"test:{{{topic}}}:*")) == 2
            assert client.execute_command("PUBSUB", "SHARDCHANNELS", "*constellation*")
            listeners = [found for found in client.client_list("pubsub") if int(found["ssub"]) > 0]
        assert len(listeners) <= 2


def test_a_slot_that_moves_takes_its_streams_along(make_worker: MakeWorker, own_cluster: ClusterSet) -> None:
    one, other = make_worker(), make_worker()
    topic, target = topic_of(own_cluster, 1), own_cluster.masters[2]
    readers = open_readers(topic, one, other)
    publish_when_possible(one, topic, "before", timeout=20)
    own_cluster.begin_migration(topic, target)
    publish_when_possible(other, topic, "under way", timeout=20)
    own_cluster.finish_migration(topic, target)
    for n in range(5):
        publish_when_possible(one if n % 2 else other, topic, str(n), timeout=20)
    for reader in readers:
        reader.wait_for("before", "under way", "0", "1", "2", "3", "4")
        assert reader.named("stream.reset") == []
    with target.client() as client:
        assert client.execute_command("PUBSUB", "SHARDNUMSUB", f"test:{{{topic}}}")[1] == 2


def test_keys_of_a_slot_that_is_under_way(make_worker: MakeWorker, own_cluster: ClusterSet) -> None:
    """One key is found on either side (ASK). Of two that are nowhere yet a cluster says: try again."""
    engine, target = make_worker(), own_cluster.masters[2]
    topic = topic_of(own_cluster, 1)
    broker = RedisBroker(own_cluster.url, prefix="test")
    hits = BrokerStorage(broker.pipeline, "test")
    broker.pipeline.start()
    wait_until(hits.check, 10, "the cluster to answer")
    own_cluster.begin_migration(topic, target)
    assert [hits.incr(topic, 60) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(BrokerUnavailable):
        engine.publish(topic, Event("too early"))
    own_cluster.finish_migration(topic, target)
    publish_when_possible(engine, topic, "now", timeout=20)
    assert hits.incr(topic, 60) == 4
    broker.stop()


def test_a_replica_that_takes_over_keeps_the_streams(
    make_worker: MakeWorker, own_cluster: ClusterSet
) -> None:
    one, other = make_worker(), make_worker()
    topic, elsewhere = topic_of(own_cluster, 0), topic_of(own_cluster, 1)
    readers, others = open_readers(topic, one, other), open_readers(elsewhere, one, other)
    publish_when_possible(one, topic, "before", timeout=20)
    own_cluster.stop_first_master()
    publish_when_possible(other, topic, "after", timeout=20)
    publish_when_possible(one, elsewhere, "too", timeout=20)
    for reader in readers:
        reader.wait_for("before", "after")
        assert reader.named("stream.reset") == []
    for reader in others:
        reader.wait_for("too")
    wait_until(lambda: one.broker.is_connected and other.broker.is_connected, 10, "every node to be heard")


def test_mail_and_names_reach_across_nodes(make_worker: MakeWorker) -> None:
    workers = [make_worker() for _ in range(4)]
    got: dict[str, list[bytes]] = {worker.worker_id: [] for worker in workers}
    for worker in workers:
        worker.mailbox.handlers["note"] = got[worker.worker_id].append
    for sender in workers:
        for receiver in workers:
            wait_until(
                lambda s=sender, r=receiver: s.mailbox.send(r.worker_id, "note", b"x"), what="a mailbox"
            )
    assert not workers[0].mailbox.send("gone", "note", b"x")
    wait_until(lambda: all(len(notes) == 4 for notes in got.values()), what=lambda: str(got))
    assert [worker.leases.claim("ci_bot", "c1") for worker in workers] == [True, False, False, False]


def test_without_shard_channels_plain_ones_do() -> None:
    """As before Redis 7."""
    if find_redis() is None:
        pytest.skip("no redis-server on this machine (scripts/test-services installs it)")
    servers = ClusterSet("--rename-command", "SSUBSCRIBE", "", "--rename-command", "SPUBLISH", "")
    broker, listener, got = make_broker(servers.url, HistoryLimits(), "test"), Listener(), []
    try:
        servers.start()
        start_broker(broker, listener)
        broker.open_mailbox("bob", got.append)
        for number in range(3):
            topic = topic_of(servers, number)
            broker.subscribe(topic)
            broker.publish(topic, b"x", "k")
            broker.reset(topic)
        wait_until(lambda: len(listener.heard) == len(listener.resets) == 3, what="an event of each node")
        wait_until(
            lambda: broker.send_mail([("bob", b"hello"), ("gone", b"hello")]) == [True, False], what="mail"
        )
        wait_until(lambda: b"hello" in got, what="the parcel")
    finally:
        broker.stop()
        servers.close()
