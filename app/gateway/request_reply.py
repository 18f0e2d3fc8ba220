"""Questions and their answers, between the worker that was called and the one that holds the connection.

Where both are the same worker nothing leaves it. Mail may be lost while the broker is away, and a worker may
die without a word; so whoever waits for another worker also looks now and then whether the connection that
was asked still has its name, and whether its worker still listens.
"""

from collections.abc import Iterable
from functools import partial
from time import monotonic

import gevent
import orjson

from app.gateway.codec import AnswerFrame
from app.gateway.pending_requests import PendingRequest, PendingRequests
from app.gateway.waiters import GONE, NOT_CONNECTED, Waiter, Waiters
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Connection

ASK, ANSWER, FAIL, FORGET = "gateway.ask", "gateway.answer", "gateway.fail", "gateway.forget"
PRESENT = "gateway.present"
CHECK_SECONDS = 3.0
MARGIN_SECONDS = 5.0


class RequestReply:
    """`timeout_seconds`: how long a waiter waits after each frame."""

    def __init__(self, engine: Engine, timeout_seconds: float) -> None:
        self._engine = engine
        self.questions = PendingRequests(timeout_seconds + MARGIN_SECONDS)
        self.replies = Waiters(timeout_seconds, engine.meters, self._end)
        self._check_at = 0.0
        self._is_checking = False
        handlers = engine.mailbox.handlers
        handlers[ASK], handlers[ANSWER] = self._accept, self._take
        handlers[FAIL], handlers[FORGET] = self._hear_failure, self._hear_forget
        handlers[PRESENT] = lambda _: None  # that it arrives is all
        engine.ticker.add(self._tick)

    # Where it is asked

    def ask(
        self, waiter: Waiter, frame: bytes, claims: Claims, request_socket: RequestSocket
    ) -> Iterable[bytes]:
        """Sends the frame to the waiter's holder; the stream of what it answers. Raises Overloaded,
        BrokerUnavailable."""
        subscriber, body = self._engine.private(
            claims, request_socket, partial(self.replies.abandon, waiter.number)
        )
        self.replies.add(waiter, subscriber)
        try:
            self._send(self._question(waiter), waiter.holder.worker, frame)
        except BaseException:
            body.close()
            raise
        return body

    def _send(self, question: PendingRequest, worker: str, frame: bytes) -> None:
        if worker == self._engine.worker_id:
            self._put(question, frame)
        elif not self._engine.mailbox.send(worker, ASK, _pack(question) + b"\n" + frame):
            self.replies.fail(question.number, NOT_CONNECTED, is_known=True)

    def _question(self, waiter: Waiter) -> PendingRequest:
        return PendingRequest(
            waiter.holder.connection, waiter.correlation_id, self._engine.worker_id, waiter.number
        )

    def _end(self, waiter: Waiter, is_known: bool) -> None:
        """The waiter waits no longer; who was asked forgets the question."""
        if waiter.reservation:
            self._engine.reservations.release(waiter.reservation, str(waiter.number))
        if is_known:
            return
        question = self._question(waiter)
        if waiter.holder.worker == self._engine.worker_id:
            self.questions.forget(question)
        else:
            self._engine.mailbox.post(waiter.holder.worker, FORGET, _pack(question))

    def _take(self, message: bytes) -> None:
        head, _, text = message.partition(b"\n")
        number, is_final = head.split()
        self.replies.take(int(number), text, is_final == b"1")

    def _hear_failure(self, message: bytes) -> None:
        number, reason = orjson.loads(message)
        self.replies.fail(number, reason, is_known=True)

    # Where the connection is

    def _accept(self, message: bytes) -> None:
        head, _, frame = message.partition(b"\n")
        self._put(_unpack(head), frame)

    def _put(self, question: PendingRequest, frame: bytes) -> None:
        connection = self._engine.sockets.by_id.get(question.connection)
        if connection is None:
            self._fail(question, NOT_CONNECTED)
        else:
            self.questions.add(question)
            connection.send(frame)

    def answer(self, connection: Connection, answer: AnswerFrame) -> None:
        """A frame of this connection; nobody may have asked."""
        question = None
        if answer.correlation_id is not None:
            question = self.questions.find(connection.id, answer.correlation_id, answer.is_final)
        if question is None:
            self._engine.meters.frames_unclaimed += 1
        elif question.origin == self._engine.worker_id:
            self.replies.take(question.number, answer.text, answer.is_final)
        else:
            message = b"%d %d\n%b" % (question.number, answer.is_final, answer.text)
            self._engine.mailbox.post(question.origin, ANSWER, message)

    def leave(self, connection: Connection) -> None:
        """It is gone: whoever waits for it is told at once."""
        for question in self.questions.leave(connection.id):
            self._fail(question, GONE)

    def _fail(self, question: PendingRequest, reason: str) -> None:
        if question.origin == self._engine.worker_id:
            self.replies.fail(question.number, reason, is_known=True)
        else:
            self._engine.mailbox.post(question.origin, FAIL, orjson.dumps([question.number, reason]))

    def _hear_forget(self, message: bytes) -> None:
        self.questions.forget(_unpack(message))

    # By the clock

    def _tick(self) -> None:
        self.replies.tick()
        self.questions.tick()
        if monotonic() > self._check_at and not self._is_checking:
            self._check_at = monotonic() + CHECK_SECONDS
            self._is_checking = True
            gevent.spawn(self._check)

    def _check(self) -> None:
        try:
            here = self._engine.worker_id
            far = [waiter for waiter in self.replies.waiters() if waiter.holder.worker != here]
            if far:
                self._end_lost(far)
        except BrokerUnavailable:
            pass  # nobody knows; it is asked again
        finally:
            self._is_checking = False

    def _end_lost(self, waiters: list[Waiter]) -> None:
        """Twice in a row, because names and mailboxes come back one after the other when the broker does."""
        engine = self._engine
        holders = engine.presence.find([waiter.name for waiter in waiters])
        workers = list({waiter.holder.worker for waiter in waiters})
        heard = engine.mailbox.send_all([(worker, PRESENT, b"") for worker in workers])
        listening = {worker for worker, is_there in zip(workers, heard, strict=True) if is_there}
        for waiter, holder in zip(waiters, holders, strict=True):
            is_lost = holder != waiter.holder or waiter.holder.worker not in listening
            if is_lost and waiter.is_missed:
                self.replies.fail(waiter.number, GONE, is_known=False)
            waiter.is_missed = is_lost


def _pack(question: PendingRequest) -> bytes:
    return orjson.dumps(tuple(question))


def _unpack(message: bytes) -> PendingRequest:
    return PendingRequest(*orjson.loads(message))
