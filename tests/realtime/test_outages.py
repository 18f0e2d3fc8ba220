"""Redis goes away and comes back: what publishers get, and what streams see."""

import socket
from collections.abc import Callable, Iterator
from time import monotonic

import gevent
import gevent.monkey
import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.broker.redis.listener import SILENCE_SECONDS
from app.realtime.broker.redis.servers import TIMEOUT_SECONDS
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from tests.realtime.publishing import publish_when_possible
from tests.realtime.reader import Reader, authorize_all
from tests.support.services import RedisServer, find_redis
from tests.support.wait import wait_until

TOPIC = "constellation:a"

MakeWorker = Callable[..., Engine]


@pytest.fixture
def make_worker(own_redis: RedisServer) -> Iterator[MakeWorker]:
    made: list[Engine] = []

    def make(**settings: int) -> Engine:
        made.append(Engine(make_broker(own_redis.url, HistoryLimits(), "test"), EngineSettings(**settings)))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


def open_reader(engine: Engine) -> Reader:
    reader = Reader(engine)
    reader.wait_for_cursor()
    return reader


def test_lost_connections_lose_no_event(make_worker: MakeWorker, own_redis: RedisServer) -> None:
    one, other = make_worker(), make_worker()
    readers = [open_reader(one), open_reader(other)]
    texts = [str(n) for n in range(600)]
    for n, text in enumerate(texts):
        publish_when_possible(one if n % 2 else other, TOPIC, text)
        if n % 150 == 100:
            own_redis.kill_clients()
    for reader in readers:
        wait_until(lambda r=reader: len(r.messages) == 600, 15, what=lambda r=reader: str(len(r.messages)))
        assert reader.messages == texts
        assert reader.named("stream.reset") == []


def test_without_a_broker_publishing_fails_and_committed_events_wait(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    one, other = make_worker(), make_worker()
    reader = open_reader(other)
    own_redis.stop()
    with pytest.raises(BrokerUnavailable):
        one.publish(TOPIC, Event("lost"))
    for n in range(5):
        one.publish_committed(TOPIC, Event(str(n)))
    assert len(one.outbox) == 5
    own_redis.start()  # empty: nothing was saved
    wait_until(lambda: len(reader.messages) == 5, 10, what=lambda: str(reader.events))
    assert reader.messages == ["0", "1", "2", "3", "4"]
    assert reader.named("stream.reset")[0] == {"reason": "history_lost"}
    assert len(one.outbox) == 0


def test_what_does_not_fit_into_the_outbox_is_told_by_a_reset(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    engine = make_worker(outbox_events=3)
    reader, other = open_reader(engine), Reader(engine, topic="constellation:b")
    other.wait_for_cursor()
    own_redis.pause()  # frozen, so that its history survives
    for n in range(5):
        engine.publish_committed(TOPIC, Event(str(n)))
    own_redis.resume()
    wait_until(lambda: reader.named("stream.reset"), 10, what=lambda: str(reader.events))
    publish_when_possible(engine, TOPIC, "after")
    wait_until(lambda: "after" in reader.messages, what=lambda: str(reader.events))
    # Whoever was cut off from the broker too may be told before they came.
    assert reader.messages in (["0", "1", "2", "after"], ["after"])
    assert other.events == []


def test_a_broker_that_comes_back_empty_resets_live_streams(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    engine = make_worker()
    reader = open_reader(engine)
    publish_when_possible(engine, TOPIC, "before")
    reader.wait_for("before")
    own_redis.restart_empty()
    wait_until(lambda: reader.named("stream.reset"), 10, what=lambda: str(reader.events))
    publish_when_possible(engine, TOPIC, "after")
    reader.wait_for("before", "after")
    assert reader.named("stream.reset") == [{"reason": "history_lost"}]


def test_a_broker_that_comes_back_with_all_it_had_resets_nobody() -> None:
    """Readers go on under the epoch of the new process, and so does a cursor of the old one."""
    if find_redis() is None:
        pytest.skip("no redis-server on this machine (scripts/test-services installs it)")
    server = RedisServer("--appendonly", "yes", "--appendfsync", "always").start()
    engine = Engine(make_broker(server.url, HistoryLimits(), "test"), EngineSettings())
    try:
        reader = open_reader(engine)
        publish_when_possible(engine, TOPIC, "before")
        reader.wait_for("before")
        known = reader.cursor
        server.restart_empty()  # not this one: it has its files
        wait_until(lambda: reader.cursor.split(".")[0] != known.split(".")[0], 10, "the next epoch")
        publish_when_possible(engine, TOPIC, "after")
        reader.wait_for("before", "after")
        assert reader.named("stream.reset") == []
        back = Reader(engine, cursor=known)
        back.wait_for("after")
        assert back.named("stream.resumed") == [{"replayed": 1}]
    finally:
        engine.stop()
        server.close()


def test_a_worker_that_stood_still_itself_keeps_its_connection(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    """It asked nothing meanwhile, so that the broker had nothing to answer."""

    def connections() -> set[str]:
        with own_redis.client() as client:
            return {found["id"] for found in client.client_list(_type="pubsub")}

    engine = make_worker()
    open_reader(engine)
    wait_until(lambda: engine.canary.lag, 10, "a canary")
    before = connections()
    gevent.monkey.get_original("time", "sleep")(SILENCE_SECONDS + 0.5)
    wait_until(lambda: engine.canary.age < 1.5, 10, "the next canary")
    assert connections() == before


def test_an_answer_that_came_while_the_worker_stood_still_counts(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    engine = make_worker()
    reader = open_reader(engine)
    own_redis.pause()
    publishing = gevent.spawn(engine.publish, TOPIC, Event("hello"))
    gevent.sleep(0.1)  # it waits for the answer
    own_redis.resume()
    gevent.monkey.get_original("time", "sleep")(TIMEOUT_SECONDS + 0.5)
    publishing.get(timeout=5)
    reader.wait_for("hello")


def test_a_frozen_broker_is_noticed(make_worker: MakeWorker, own_redis: RedisServer) -> None:
    engine = make_worker()
    reader = open_reader(engine)
    own_redis.pause()
    started = monotonic()
    with pytest.raises(BrokerUnavailable):
        engine.publish(TOPIC, Event("x"))
    assert monotonic() - started < 5
    wait_until(lambda: not engine.broker.is_connected, 10, what="the listener to notice")
    own_redis.resume()
    publish_when_possible(engine, TOPIC, "after")
    wait_until(lambda: "after" in reader.messages, 10, what=lambda: str(reader.events))


def test_a_stream_may_be_opened_while_the_broker_is_away(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    """A reader that loaded its state when the stream opened must load it again: changes may have come
    meanwhile."""
    engine = make_worker()
    engine.start()
    own_redis.stop()
    reader = Reader(engine)
    wait_until(lambda: len(reader.decoder.comments) >= 2, what="the stream to be kept open")
    assert not reader.is_over
    own_redis.start()
    wait_until(lambda: reader.cursor, 10, what="the cursor")
    assert [event.name for event in reader.events] == ["stream.reset"]
    publish_when_possible(engine, TOPIC, "after")
    reader.wait_for("after")


def test_orders_that_were_missed_lead_to_new_checks(make_worker: MakeWorker, own_redis: RedisServer) -> None:
    engine = make_worker()
    asked: list[str] = []
    authorize_all(engine, lambda claims, topic: asked.append(topic) or "rights_revoked")
    reader = open_reader(engine)
    wait_until(lambda: engine.hub.topics["control"].position, what="the control topic to be heard")
    engine.disconnect("logged_out", user="somebody else")
    own_redis.restart_empty()
    reader.wait_closed("rights_revoked", timeout=10)
    assert asked == [TOPIC]


@pytest.mark.parametrize("refusal", ["full", "a replica"])
def test_a_redis_that_refuses_to_write_counts_as_away(
    make_worker: MakeWorker, own_redis: RedisServer, refusal: str
) -> None:
    engine = make_worker()
    reader = open_reader(engine)
    client = own_redis.client()
    if refusal == "full":
        client.config_set("maxmemory", "1")
    else:
        client.replicaof("127.0.0.1", "1")
    with pytest.raises(BrokerUnavailable):
        engine.publish(TOPIC, Event("lost"))
    engine.publish_committed(TOPIC, Event("kept"))
    engine.disconnect("rights_revoked", topic=TOPIC, user="alice")
    if refusal == "full":
        client.config_set("maxmemory", "0")
    else:
        client.replicaof("no", "one")
    wait_until(lambda: not len(engine.outbox), 10, "the outbox to be empty")
    reader.wait_closed("rights_revoked", timeout=5)


def test_a_server_that_accepts_and_is_silent_is_left_again(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    port = int(own_redis.url.split(":")[2].split("/")[0])
    engine = make_worker()
    open_reader(engine)
    own_redis.stop()
    with socket.create_server(("127.0.0.1", port)):
        wait_until(lambda: not engine.broker.is_connected, 10, "the listener to notice")
        gevent.sleep(1)  # it is connecting to the silent one by now
    own_redis.start()
    wait_until(lambda: engine.broker.is_connected, 10, "the listener to be connected again")
