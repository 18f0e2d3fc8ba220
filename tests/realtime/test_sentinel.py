"""The master dies and its replica takes over: nothing replicated is lost, and the rest is reported."""

from collections.abc import Callable, Iterator

import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from app.realtime.presence import Holder
from tests.realtime.conftest import Listener
from tests.realtime.publishing import publish_when_possible
from tests.realtime.reader import Reader
from tests.support.redis_sets import SentinelSet
from tests.support.wait import wait_until

TOPIC = "constellation:a"

MakeWorker = Callable[[], Engine]


@pytest.fixture
def make_worker(own_sentinels: SentinelSet) -> Iterator[MakeWorker]:
    made: list[Engine] = []

    def make() -> Engine:
        made.append(Engine(make_broker(own_sentinels.url, HistoryLimits(), "test"), EngineSettings()))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def publish_replicated(engine: Engine, servers: SentinelSet, texts: list[str]) -> None:
    for text in texts:
        publish_when_possible(engine, TOPIC, text, timeout=20)
    servers.wait_replicated()


def open_reader(engine: Engine, cursor: str | None = None) -> Reader:
    reader = Reader(engine, cursor=cursor)
    reader.wait_for_cursor()
    return reader


def test_a_failover_costs_nothing_that_was_replicated(
    make_worker: MakeWorker, own_sentinels: SentinelSet
) -> None:
    one, other = make_worker(), make_worker()
    readers = [open_reader(one), open_reader(other)]
    texts = [str(n) for n in range(40)]
    publish_replicated(one, own_sentinels, texts[:20])
    own_sentinels.stop_master()
    for n, text in enumerate(texts[20:]):
        publish_when_possible(one if n % 2 else other, TOPIC, text, timeout=20)
    for reader in readers:
        reader.wait_for(*texts)
        assert reader.named("stream.reset") == []
    resumed = Reader(one, cursor=readers[0].cursor)
    wait_until(lambda: resumed.named("stream.resumed"), what=lambda: str(resumed.events))


def test_what_was_not_replicated_is_told_by_a_reset(
    make_worker: MakeWorker, own_sentinels: SentinelSet
) -> None:
    """Also where the new master gave the lost numbers to other events before anybody looked."""
    one, other = make_worker(), make_worker()
    readers = [open_reader(one), open_reader(other)]
    publish_replicated(one, own_sentinels, ["a", "b"])
    wait_until(lambda: readers[0].messages == ["a", "b"], what="both events")
    known = readers[0].cursor
    own_sentinels.stop_replicating()
    for text in ("lost", "lost too"):
        one.publish(TOPIC, Event(text))
    for reader in readers:
        reader.wait_for("a", "b", "lost", "lost too")
    own_sentinels.stop_master()
    for text in ("c", "d", "e"):
        publish_when_possible(one, TOPIC, text, timeout=20)
    for reader in readers:
        wait_until(lambda r=reader: r.messages[4:] == ["c", "d", "e"], what=lambda r=reader: str(r.events))
        assert reader.named("stream.reset") == [{"reason": "history_lost"}]
    back = Reader(one, cursor=known)
    back.wait_for("c", "d", "e")
    assert back.named("stream.resumed") == [{"replayed": 3}]


def test_committed_events_names_and_mail_survive_it(
    make_worker: MakeWorker, own_sentinels: SentinelSet
) -> None:
    one, other = make_worker(), make_worker()
    one.start()
    reader, got = open_reader(other), []
    other.mailbox.handlers["note"] = got.append
    assert one.leases.claim("ci_bot", "c1")
    own_sentinels.wait_replicated()
    own_sentinels.stop_master()
    for n in range(5):
        one.publish_committed(TOPIC, Event(str(n)))
    reader.wait_for("0", "1", "2", "3", "4", timeout=20)
    assert other.presence.find(["ci_bot"]) == [Holder(one.worker_id, "c1")]
    wait_until(lambda: one.mailbox.send(other.worker_id, "note", b"hello"), 20, "the mailbox")
    wait_until(lambda: got == [b"hello"], 20, "the mail")


def test_a_planned_failover_is_followed_while_both_servers_run(
    make_worker: MakeWorker, own_sentinels: SentinelSet
) -> None:
    """No connection breaks by itself here when the hub can't be told: it asks the sentinels."""
    engine = make_worker()
    reader = open_reader(engine)
    publish_replicated(engine, own_sentinels, ["before"])
    with own_sentinels.sentinels[0].client() as client:
        client.execute_command("SENTINEL", "FAILOVER", "hub")
    own_sentinels.wait_promoted()
    publish_when_possible(engine, TOPIC, "after", timeout=20)
    reader.wait_for("before", "after")
    assert reader.named("stream.reset") == []


def test_a_master_that_is_frozen_is_left(make_worker: MakeWorker, own_sentinels: SentinelSet) -> None:
    engine = make_worker()
    reader = open_reader(engine)
    publish_replicated(engine, own_sentinels, ["before"])
    own_sentinels.lose_patience()
    own_sentinels.master.pause()
    publish_when_possible(engine, TOPIC, "after", timeout=20)
    reader.wait_for("before", "after")
    assert reader.named("stream.reset") == []


def test_one_sentinel_is_enough_to_find_the_master(sentinel_set: SentinelSet) -> None:
    stopped, paused, _ = sentinel_set.sentinels
    stopped.stop()
    paused.pause()
    broker = make_broker(sentinel_set.url, HistoryLimits(), "found")
    try:
        broker.start(Listener())
        assert broker.publish(TOPIC, b"x", "k").offset == 1
    finally:
        broker.stop()
        paused.resume()
        stopped.start()
