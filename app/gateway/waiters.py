"""Who waits on this worker for answers: `POST /sse/send`, each an open stream of its own.

Timeouts are one ordered dict and not a timer each: all waiters have the same patience, so whoever heard
nothing longest stands first.
"""

from collections.abc import Callable
from itertools import count
from time import monotonic

from app.gateway import codec
from app.realtime.meters import Meters
from app.realtime.presence import Holder
from app.realtime.streams.topic import Subscriber

TIMEOUT, GONE, NOT_CONNECTED = "Timeout waiting for response", "User disconnected", "User not connected"
OUTCOMES = {TIMEOUT: "timeout", GONE: "disconnected", NOT_CONNECTED: "not_connected"}


class Waiter:
    """One open question: `number` names it on this worker, `name` is who was asked, and `holder` where.

    `reservation`: under which name the caller's correlation id is taken; "" for one of the hub's own.
    `is_missed`: when it was looked for last, who was asked was not there.
    """

    __slots__ = (
        "asked_at",
        "correlation_id",
        "heard_at",
        "holder",
        "is_missed",
        "name",
        "number",
        "reservation",
        "subscriber",
    )

    def __init__(self, number: int, name: str, holder: Holder, correlation_id: str, reservation: str) -> None:
        self.number = number
        self.name = name
        self.holder = holder
        self.correlation_id = correlation_id
        self.reservation = reservation
        self.subscriber: Subscriber | None = None
        self.is_missed = False
        self.asked_at = self.heard_at = monotonic()


class Waiters:
    """`on_end(waiter, is_known)` is called once for each; `is_known`: who was asked knows that it is over."""

    def __init__(
        self, timeout_seconds: float, meters: Meters, on_end: Callable[[Waiter, bool], None]
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._meters = meters
        self._on_end = on_end
        self.numbers = count(1)
        self._waiters: dict[int, Waiter] = {}

    def __len__(self) -> int:
        return len(self._waiters)

    def waiters(self) -> list[Waiter]:
        return list(self._waiters.values())

    def add(self, waiter: Waiter, subscriber: Subscriber) -> None:
        waiter.subscriber = subscriber
        self._waiters[waiter.number] = waiter

    def take(self, number: int, text: bytes, is_final: bool) -> None:
        """A frame that answers; nobody may be waiting any more."""
        waiter = self._waiters.get(number)
        if waiter is None:
            self._meters.frames_unclaimed += 1
            return
        self._hear(waiter)
        if is_final:
            self._end(waiter, "answered", codec.event(text), is_known=True)
        elif waiter.subscriber is not None:
            waiter.subscriber.push(codec.event(text))

    def _hear(self, waiter: Waiter) -> None:
        now = monotonic()
        if waiter.heard_at == waiter.asked_at:
            self._meters.reply_seconds.observe(now - waiter.asked_at)
        waiter.heard_at = now
        del self._waiters[waiter.number]
        self._waiters[waiter.number] = waiter

    def fail(self, number: int, message: str, is_known: bool) -> None:
        """Ends the stream with an error; harmless when it is over."""
        waiter = self._waiters.get(number)
        if waiter is not None:
            self._end(waiter, OUTCOMES[message], codec.error_event(message, waiter.correlation_id), is_known)

    def abandon(self, number: int) -> None:
        """The stream is over, whoever ended it; harmless when it was this worker that did."""
        waiter = self._waiters.get(number)
        if waiter is not None:
            self._end(waiter, "abandoned", b"", is_known=False)

    def tick(self) -> None:
        quiet_since = monotonic() - self._timeout_seconds
        while self._waiters:
            waiter = next(iter(self._waiters.values()))
            if waiter.heard_at > quiet_since:
                break
            self.fail(waiter.number, TIMEOUT, is_known=False)

    def _end(self, waiter: Waiter, outcome: str, last: bytes, is_known: bool) -> None:
        """The correlation id is free before its caller knows that it is."""
        del self._waiters[waiter.number]
        self._meters.replies[outcome] += 1
        self._on_end(waiter, is_known)
        if last and waiter.subscriber is not None:
            waiter.subscriber.push(last)
            waiter.subscriber.finish()
