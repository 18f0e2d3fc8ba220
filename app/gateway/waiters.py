"""The callers of `POST /sse/send` that wait on this worker, each with an open stream of its own.

Every waiter has the same timeout, which runs from its last frame. One dict in the order of those frames
therefore takes the place of a timer for each.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic

import orjson

from app.gateway import codec
from app.gateway.codec import GONE, NOT_CONNECTED, TIMEOUT, AnswerFrame
from app.gateway.meters import GatewayMeters
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.net.takeover import RequestSocket
from app.realtime.presence import Holder
from app.realtime.streams import sse
from app.realtime.streams.response import StreamBody
from app.realtime.streams.topic import Subscriber

ANSWER, FAIL = "gateway.answer", "gateway.fail"
"""The kinds of messages that waiters get from the workers of their targets."""
OUTCOMES = {TIMEOUT: "timeout", GONE: "disconnected", NOT_CONNECTED: "not_connected"}


class Waiter:
    """A caller whose request is open.

    `number` names it on this worker, `target` is whom it asked and `holder` where that is. `reservation` is
    the name under which its correlation id is taken; "" for an id that the hub made. `is_missed`: the last
    look for the target did not find it. `subscriber` is its stream, once `Waiters.open` has opened that.
    """

    __slots__ = (
        "asked_at",
        "correlation_id",
        "heard_at",
        "holder",
        "is_missed",
        "number",
        "reservation",
        "subscriber",
        "target",
    )
    subscriber: Subscriber

    def __init__(
        self, number: int, target: str, holder: Holder, correlation_id: str, reservation: str
    ) -> None:
        self.number = number
        self.target = target
        self.holder = holder
        self.correlation_id = correlation_id
        self.reservation = reservation
        self.is_missed = False
        self.asked_at = self.heard_at = monotonic()


class Waiters:
    """`on_unanswered` is called once for a waiter that ends before its target's worker knows."""

    def __init__(
        self,
        engine: Engine,
        meters: GatewayMeters,
        timeout_seconds: float,
        on_unanswered: Callable[[Waiter], None],
    ) -> None:
        self._engine = engine
        self._meters = meters
        self._timeout_seconds = timeout_seconds
        self._on_unanswered = on_unanswered
        self._waiters: dict[int, Waiter] = {}  # those heard longest ago first
        engine.mailbox.handlers[ANSWER] = self._hear_answer
        engine.mailbox.handlers[FAIL] = self._hear_failure

    def elsewhere(self) -> list[Waiter]:
        """Those whose target is on another worker."""
        here = self._engine.worker_id
        return [waiter for waiter in self._waiters.values() if waiter.holder.worker != here]

    def open(self, waiter: Waiter, claims: Claims, request_socket: RequestSocket) -> StreamBody:
        """The stream of the answers; its end abandons the request. Raises Overloaded."""
        on_gone = partial(self._abandon, waiter.number)
        waiter.subscriber, body = self._engine.private(claims, request_socket, on_gone)
        self._waiters[waiter.number] = waiter
        return body

    def answer(self, number: int, text: bytes, is_final: bool) -> None:
        """A frame that answers. After the waiter's end it is counted and dropped."""
        waiter = self._waiters.get(number)
        if waiter is None:
            self._meters.frames_unclaimed += 1
            return
        self._note_frame(waiter)
        block = sse.encode(text.decode())
        if is_final:
            self._end(waiter, "answered", block)
        else:
            waiter.subscriber.push(block)

    def _note_frame(self, waiter: Waiter) -> None:
        now = monotonic()
        if waiter.heard_at == waiter.asked_at:
            self._meters.reply_seconds.observe(now - waiter.asked_at)
        waiter.heard_at = now
        del self._waiters[waiter.number]
        self._waiters[waiter.number] = waiter

    def fail(self, number: int, error: str) -> None:
        """Ends the stream with an error that the target's worker knows of; harmless after the end."""
        waiter = self._waiters.get(number)
        if waiter is not None:
            self._end(waiter, OUTCOMES[error], codec.error_event(error, waiter.correlation_id))

    def give_up(self, waiter: Waiter, error: str) -> None:
        """Ends the stream with an error that the target's worker does not know of; harmless when repeated."""
        if waiter.number in self._waiters:
            self._on_unanswered(waiter)
            self.fail(waiter.number, error)

    def _abandon(self, number: int) -> None:
        """The stream is over, by whatever end; harmless after the waiter's own end."""
        waiter = self._waiters.get(number)
        if waiter is not None:
            self._on_unanswered(waiter)
            self._end(waiter, "abandoned", b"")

    def tick(self) -> None:
        quiet_since = monotonic() - self._timeout_seconds
        while self._waiters:
            waiter = next(iter(self._waiters.values()))
            if waiter.heard_at > quiet_since:
                break
            self.give_up(waiter, TIMEOUT)

    def _end(self, waiter: Waiter, outcome: str, last: bytes) -> None:
        """The correlation id is free before the caller sees the end."""
        del self._waiters[waiter.number]
        self._meters.replies[outcome] += 1
        if waiter.reservation:
            self._engine.reservations.release(waiter.reservation, str(waiter.number))
        if last:
            waiter.subscriber.push(last)
            waiter.subscriber.finish()

    # From other workers

    def _hear_answer(self, message: bytes) -> None:
        head, _, text = message.partition(b"\n")
        number, is_final = head.split()
        self.answer(int(number), text, is_final == b"1")

    def _hear_failure(self, message: bytes) -> None:
        number, error = orjson.loads(message)
        self.fail(number, error)


def pack_answer(number: int, answer: AnswerFrame) -> bytes:
    """For `ANSWER`: which waiter, whether the frame is the last one, and its text."""
    return b"%d %d\n%b" % (number, answer.is_final, answer.text)


def pack_failure(number: int, error: str) -> bytes:
    """For `FAIL`: which waiter, and one of `OUTCOMES`."""
    return orjson.dumps([number, error])
