"""The contract of `app/realtime/broker/base.py`, on every broker."""

import pytest
import redis

from app.realtime.broker.base import Broker
from app.realtime.event import Position
from tests.realtime.conftest import Listener, MakeBroker, start_broker
from tests.support.wait import wait_until

BROKERS = ["memory", "redis", "sentinel", "cluster"]


def publish_all(broker: Broker, topic: str, count: int, start: int = 1) -> list[Position]:
    return [broker.publish(topic, b"%d" % n, f"key{n}") for n in range(start, start + count)]


def test_events_are_numbered_from_one_within_one_epoch(broker: Broker) -> None:
    positions = publish_all(broker, "a", 3)
    assert [p.offset for p in positions] == [1, 2, 3]
    assert len({p.epoch for p in positions}) == 1
    assert broker.top("a") == positions[-1]


def test_topics_do_not_share_numbers(broker: Broker) -> None:
    publish_all(broker, "a", 3)
    assert broker.publish("b", b"x", "k").offset == 1
    assert broker.tops(["a", "b", "new"])[0].offset == 3
    assert [p.offset for p in broker.tops(["a", "b", "new"])] == [3, 1, 0]


def test_a_subscriber_hears_what_is_published_after(broker: Broker, listener: Listener) -> None:
    publish_all(broker, "a", 1)
    broker.subscribe("a")
    positions = publish_all(broker, "a", 2, start=2)
    wait_until(lambda: len(listener.heard) == 2, what="two events heard")
    assert listener.heard == [("a", positions[0], b"2"), ("a", positions[1], b"3")]


def test_every_worker_hears_its_own_and_others_events(
    make_broker_: MakeBroker, broker_url: str, listener: Listener
) -> None:
    if not broker_url:
        return  # the in-process broker has one worker
    other_listener = Listener()
    one, other = start_broker(make_broker_(), listener), start_broker(make_broker_(), other_listener)
    one.subscribe("a")
    other.subscribe("a")
    one.publish("a", b"1", "k1")
    other.publish("a", b"2", "k2")
    for heard in (listener.heard, other_listener.heard):
        wait_until(lambda heard=heard: len(heard) == 2, what="both events at both workers")
        assert [payload for _, _, payload in heard] == [b"1", b"2"]


def test_nothing_is_heard_after_unsubscribing(broker: Broker, listener: Listener) -> None:
    for topic in ("a", "b"):
        broker.subscribe(topic)
    broker.unsubscribe("a")
    broker.publish("a", b"x", "k1")
    broker.publish("b", b"y", "k2")
    wait_until(lambda: bool(listener.heard), what="the event of the other topic")
    assert [topic for topic, _, _ in listener.heard] == ["b"]


@pytest.mark.parametrize("payload", [b"", b"\x00\xff \r\n", "größe 🎉".encode(), b"x" * 1_000_000])
def test_payloads_arrive_as_they_were(broker: Broker, listener: Listener, payload: bytes) -> None:
    broker.subscribe("a")
    position = broker.publish("a", payload, "k")
    wait_until(lambda: bool(listener.heard), what="the event")
    assert listener.heard == [("a", position, payload)]
    assert broker.read("a", Position(position.epoch, 0)).events == [(1, payload)]


def test_history_is_read_from_any_position(broker: Broker) -> None:
    top = publish_all(broker, "a", 5)[-1]
    page = broker.read("a", Position(top.epoch, 2))
    assert (page.top, page.is_lost) == (top, False)
    assert page.events == [(3, b"3"), (4, b"4"), (5, b"5")]
    assert broker.read("a", top).events == []


def test_long_histories_come_in_pages(broker: Broker) -> None:
    top = publish_all(broker, "a", 700)[-1]
    position, offsets = Position(top.epoch, 0), []
    while position != top:
        page = broker.read("a", position)
        assert not page.is_lost and page.events
        offsets += [offset for offset, _ in page.events]
        position = Position(top.epoch, offsets[-1])
    assert offsets == list(range(1, 701))


def test_large_events_make_short_pages(broker: Broker) -> None:
    for n in range(10):
        top = broker.publish("a", b"x" * 200_000, f"k{n}")
    assert 1 <= len(broker.read("a", Position(top.epoch, 0)).events) < 5


@pytest.mark.parametrize(
    "after",
    [Position("another", 1), Position("another", 0), Position("EPOCH", 99)],
    ids=["other epoch", "other epoch, start", "future"],
)
def test_positions_that_are_not_in_the_history_are_lost(broker: Broker, after: Position) -> None:
    top = publish_all(broker, "a", 3)[-1]
    after = after._replace(epoch=top.epoch) if after.epoch == "EPOCH" else after
    page = broker.read("a", after)
    assert page.is_lost and page.top == top and page.events == []


def test_history_is_bounded_by_count(make_broker_: MakeBroker, listener: Listener) -> None:
    broker = make_broker_(events=3)
    broker.start(listener)
    top = publish_all(broker, "a", 10)[-1]
    assert broker.read("a", Position(top.epoch, 6)).is_lost
    assert [o for o, _ in broker.read("a", Position(top.epoch, 7)).events] == [8, 9, 10]


def test_history_is_bounded_by_bytes_but_keeps_the_newest(
    make_broker_: MakeBroker, listener: Listener
) -> None:
    broker = make_broker_(bytes=100)
    broker.start(listener)
    for n in range(4):
        top = broker.publish("a", b"x" * 40, f"k{n}")
    assert broker.read("a", Position(top.epoch, 1)).is_lost
    assert [o for o, _ in broker.read("a", Position(top.epoch, 2)).events] == [3, 4]
    top = broker.publish("a", b"x" * 1000, "large")
    assert [o for o, _ in broker.read("a", Position(top.epoch, 4)).events] == [5]


def test_the_epoch_outlives_the_history(make_broker_: MakeBroker, listener: Listener) -> None:
    broker = make_broker_(seconds=1)
    broker.start(listener)
    top = publish_all(broker, "a", 2)[-1]
    before = Position(top.epoch, 1)
    wait_until(lambda: broker.read("a", before).is_lost, timeout=5, what="the history to run out")
    page = broker.read("a", top)
    assert not page.is_lost and page.top == top
    assert broker.publish("a", b"x", "k") == Position(top.epoch, 3)
    assert broker.read("a", top).events == [(3, b"x")]


def test_a_retried_event_is_stored_once(broker: Broker) -> None:
    first = broker.publish("a", b"x", "same")
    broker.publish("a", b"y", "other")
    assert broker.publish("a", b"x", "same", is_retry=True) == first
    assert broker.top("a").offset == 2
    assert broker.publish("a", b"z", "new", is_retry=True).offset == 3


def test_one_that_is_retried_for_many_topics_is_stored_where_it_was_not(broker: Broker) -> None:
    broker.publish_many(["a", "b"], b"x", "same")
    broker.publish("a", b"y", "other")
    broker.publish_many(["a", "b", "c"], b"x", "same", is_retry=True)
    assert [top.offset for top in broker.tops(["a", "b", "c"])] == [2, 1, 1]


def test_a_reset_begins_a_new_epoch_and_is_heard(broker: Broker, listener: Listener) -> None:
    broker.subscribe("a")
    old = publish_all(broker, "a", 3)[-1]
    new = broker.reset("a")
    wait_until(lambda: bool(listener.resets), what="the reset to be heard")
    assert new.offset == 0 and new.epoch != old.epoch
    assert listener.resets == [("a", new)]
    assert broker.read("a", old).is_lost
    assert broker.publish("a", b"x", "k") == Position(new.epoch, 1)


def test_a_round_trip_is_measured(broker: Broker) -> None:
    assert 0 <= broker.ping() < 2
    wait_until(lambda: broker.is_connected, what="the listener to be connected")


# Brief topics: without a listener they cost nothing


def test_many_topics_at_once(broker: Broker, listener: Listener) -> None:
    names = [f"a{number}" for number in range(1200)]
    for name in (names[0], names[-1]):
        broker.subscribe(name)
    broker.publish_many(names, b"x", "key")
    wait_until(lambda: len(listener.heard) == 2, what="both events")
    assert [(topic, payload) for topic, _, payload in listener.heard] == [(names[0], b"x"), (names[-1], b"x")]
    assert {top.offset for top in broker.tops(names)} == {1}


def test_nothing_is_kept_of_a_brief_topic_that_nobody_knows(broker: Broker) -> None:
    positions = [broker.publish("inbox:1", b"x", f"key{number}") for number in range(3)]
    broker.publish_many(["inbox:1", "inbox:2"], b"x", "key")
    assert {position.offset for position in positions} == {0}
    assert len({position.epoch for position in positions}) == 3
    assert [top.offset for top in broker.tops(["inbox:1", "inbox:2"])] == [0, 0]


def test_a_brief_topic_that_is_listened_to_is_numbered(broker: Broker, listener: Listener) -> None:
    broker.subscribe("inbox:1")
    begun = broker.top("inbox:1")
    positions = publish_all(broker, "inbox:1", 2)
    wait_until(lambda: len(listener.heard) == 2, what="two events heard")
    assert [(position.epoch, position.offset) for position in positions] == [
        (begun.epoch, 1),
        (begun.epoch, 2),
    ]
    assert [payload for _, payload in broker.read("inbox:1", begun).events] == [b"1", b"2"]


def test_and_so_is_one_that_was_listened_to_a_moment_ago(broker: Broker) -> None:
    """A worker that lost its connection for a moment finds out that it missed something."""
    broker.subscribe("inbox:1")
    begun = broker.top("inbox:1")
    broker.unsubscribe("inbox:1")
    broker.publish("inbox:1", b"x", "key")
    assert [payload for _, payload in broker.read("inbox:1", begun).events] == [b"x"]


@pytest.mark.parametrize("broker_url", ["redis"], indirect=True)
def test_a_subscriber_whose_position_ran_out_hears_of_a_new_epoch(
    broker: Broker, listener: Listener, redis_url: str
) -> None:
    """In one process a listener always has a position."""
    broker.subscribe("inbox:1")
    begun = broker.top("inbox:1")
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    positions = publish_all(broker, "inbox:1", 2)
    wait_until(lambda: len(listener.heard) == 2, what="two events heard")
    assert [position.offset for position in positions] == [1, 2]
    assert positions[0].epoch == positions[1].epoch != begun.epoch


def test_the_history_of_a_brief_topic_is_short(broker: Broker) -> None:
    broker.subscribe("inbox:1")
    begun = broker.top("inbox:1")
    publish_all(broker, "inbox:1", 101)
    assert broker.read("inbox:1", begun).is_lost
    assert len(broker.read("inbox:1", begun._replace(offset=1)).events) == 100
