"""Events of committed writes that wait for a broker that is away, and follow in order when it returns."""

import logging
from collections import deque

import gevent
from gevent.event import Event

from app.realtime.broker.base import Broker, BrokerUnavailable

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.25


class Outbox:
    """Bounded: what does not fit is dropped, and its topic begins anew, so that every client reloads."""

    def __init__(self, broker: Broker, limit: int) -> None:
        self._broker = broker
        self._limit = limit
        self._waiting: deque[tuple[str, bytes, str]] = deque()
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

    def publish(self, topic: str, payload: bytes, key: str) -> None:
        """Published when this returns, or waiting behind what waits already. Never fails."""
        if not len(self):
            try:
                self._broker.publish(topic, payload, key)
                return
            except BrokerUnavailable:
                pass
        self._keep(topic, payload, key)

    def _keep(self, topic: str, payload: bytes, key: str) -> None:
        if len(self._waiting) < self._limit and topic not in self._incomplete:
            self._waiting.append((topic, payload, key))
        else:
            self._incomplete[topic] = None
        self._wakeup.set()

    def _work(self) -> None:
        while True:
            self._wakeup.wait()
            try:
                self._flush()
                self._wakeup.clear()
            except BrokerUnavailable:
                gevent.sleep(RETRY_SECONDS)
            except Exception:
                log.exception("an event that waited could not be published")
                gevent.sleep(RETRY_SECONDS)

    def _flush(self) -> None:
        while self._waiting:
            topic, payload, key = self._waiting[0]
            self._broker.publish(topic, payload, key, is_retry=True)
            self._waiting.popleft()
        while self._incomplete:
            topic = next(iter(self._incomplete))
            self._broker.reset(topic)
            del self._incomplete[topic]
