"""The outbox: events of committed writes wait here while the broker is away, and follow in order
afterwards."""

import logging
from collections import deque
from dataclasses import dataclass

import gevent
from gevent.event import Event

from app.realtime.broker.base import Broker, BrokerUnavailable
from app.realtime.pacing import RETRY_SECONDS

log = logging.getLogger(__name__)


class Outbox:
    """Bounded: an event that does not fit is dropped, and its topic is reset, so that every client
    reloads."""

    def __init__(self, broker: Broker, limit: int) -> None:
        self._broker = broker
        self._limit = limit
        self.dropped = 0
        self._waiting: deque[_Waiting] = deque()
        self._incomplete: dict[str, None] = {}
        self._wakeup = Event()
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._incomplete)

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def publish(self, topic: str, payload: bytes, key: str) -> bool:
        """Whether it is published, or waits behind earlier events; False: it was dropped. Never fails."""
        is_tried = False
        if not len(self):
            try:
                self._broker.publish(topic, payload, key)
                return True
            except BrokerUnavailable:
                is_tried = True
            except Exception:
                log.exception("an event could not be published; it waits")
                is_tried = True
        return self._keep(_Waiting(topic, payload, key, is_tried))

    def _keep(self, event: "_Waiting") -> bool:
        has_room = len(self._waiting) < self._limit and event.topic not in self._incomplete
        if has_room:
            self._waiting.append(event)
        else:
            self.dropped += 1
            self._incomplete[event.topic] = None
        self._wakeup.set()
        return has_room

    def _work(self) -> None:
        while True:
            self._wakeup.wait()
            self._wakeup.clear()
            while len(self):
                try:
                    self._flush()
                except BrokerUnavailable:
                    gevent.sleep(RETRY_SECONDS)
                except Exception:
                    log.exception("an event that waited could not be published")
                    gevent.sleep(RETRY_SECONDS)

    def _flush(self) -> None:
        while self._waiting:
            event = self._waiting[0]
            is_retry, event.is_tried = event.is_tried, True
            self._broker.publish(event.topic, event.payload, event.key, is_retry)
            self._waiting.popleft()
        if self._incomplete:
            # Later events of this topic come after its reset.
            topic = next(iter(self._incomplete))
            del self._incomplete[topic]
            try:
                self._broker.reset(topic)
            except BaseException:
                self._incomplete[topic] = None
                raise


@dataclass(slots=True)
class _Waiting:
    """`is_tried`: it may have been stored already."""

    topic: str
    payload: bytes
    key: str
    is_tried: bool
