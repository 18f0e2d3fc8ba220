"""The outbox around its reset: what comes while one is under way is neither stranded nor dropped."""

import gevent
from gevent.event import Event

from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.broker.memory import MemoryBroker
from app.realtime.event import Position
from app.realtime.outbox import Outbox
from tests.support.wait import wait_until


class Slow(MemoryBroker):
    """Away until told otherwise; its resets wait for `go`."""

    def __init__(self) -> None:
        super().__init__(HistoryLimits())
        self.is_away = True
        self.go = Event()
        self.done: list[tuple[str, bytes]] = []
        self.retries: list[bool] = []

    def publish(self, topic: str, payload: bytes, key: str, is_retry: bool = False) -> Position:
        if self.is_away:
            raise BrokerUnavailable("away")
        self.retries.append(is_retry)
        self.done.append((topic, payload))
        return super().publish(topic, payload, key, is_retry)

    def reset(self, topic: str) -> Position:
        if self.is_away:
            raise BrokerUnavailable("away")
        self.done.append((topic, b"reset"))
        self.go.wait()
        return super().reset(topic)


def test_what_comes_during_a_reset_follows_it() -> None:
    broker = Slow()
    outbox = Outbox(broker, limit=1)
    outbox.start()
    try:
        for payload in (b"1", b"2"):
            outbox.publish("a", payload, payload.decode())
        broker.is_away = False
        wait_until(lambda: ("a", b"reset") in broker.done, what="the reset to be under way")
        outbox.publish("a", b"3", "3")
        outbox.publish("b", b"4", "4")
        broker.go.set()
        wait_until(lambda: len(broker.done) == 4, what=lambda: str(broker.done))
        assert broker.done == [("a", b"1"), ("a", b"reset"), ("a", b"3"), ("b", b"4")]
        wait_until(lambda: len(outbox) == 0, what="an empty outbox")
    finally:
        outbox.stop()


def test_only_what_was_tried_is_published_as_a_retry() -> None:
    broker = Slow()
    outbox = Outbox(broker, limit=10)
    for number in range(3):
        outbox.publish("a", b"%d" % number, str(number))
    broker.is_away = False
    outbox.start()
    try:
        wait_until(lambda: len(outbox) == 0, what="an empty outbox")
    finally:
        outbox.stop()
    assert broker.retries == [True, False, False]


def test_a_defect_of_the_broker_costs_no_event() -> None:
    broker = Slow()
    outbox = Outbox(broker, limit=10)
    broker.publish = lambda *_: 1 / 0  # type: ignore[method-assign]
    outbox.publish("a", b"1", "1")
    del broker.publish
    broker.is_away = False
    outbox.start()
    wait_until(lambda: broker.done == [("a", b"1")], what=lambda: str(broker.done))
    outbox.stop()
    gevent.sleep(0)
