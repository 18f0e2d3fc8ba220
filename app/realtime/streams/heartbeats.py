"""A comment on every stream that was silent for a while (WHATWG HTML, 9.2: it keeps proxies from closing)."""

from time import monotonic

from app.realtime.net.timing_wheel import TimingWheel
from app.realtime.streams import sse
from app.realtime.streams.topic import Subscriber


class Heartbeats:
    """A stream whose topic was busy meanwhile just moves on. Streams of one topic are spread over the last
    fifth of the interval."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._wheel = TimingWheel(self._visit)
        self.tick = self._wheel.tick

    def __len__(self) -> int:
        """How many streams are waiting for their next visit."""
        return len(self._wheel)

    def add(self, subscriber: Subscriber) -> None:
        self._put(subscriber, monotonic())

    def remove(self, subscriber: Subscriber) -> None:
        self._wheel.remove(subscriber, subscriber.heartbeat_at)

    def _visit(self, subscriber: Subscriber) -> None:
        if subscriber.reason is not None:
            return
        subscriber.forget_seen()
        now = monotonic()
        quiet_since = subscriber.topic.last_dispatch
        if now - quiet_since < self._seconds * 0.8:
            self._put(subscriber, quiet_since)
            return
        if subscriber.position is not None:
            subscriber.push(sse.HEARTBEAT)
        self._put(subscriber, now)

    def _put(self, subscriber: Subscriber, since: float) -> None:
        due_at = since + self._seconds - self._wheel.spread(self._seconds)
        subscriber.heartbeat_at = self._wheel.add(subscriber, due_at)
