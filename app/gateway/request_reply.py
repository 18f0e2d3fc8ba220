"""Requests and their answers: from the worker that was called to the one that holds the connection, and back.

Where both are the same worker nothing leaves it. Between two workers a message may be lost while the broker
is away, and a worker may die without a word. So a waiter whose target is on another worker is checked now
and then: whether the target's connection still has its name, and whether its worker still listens.
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import count
from time import monotonic

import gevent

from app.errors import Conflict
from app.gateway import codec
from app.gateway.codec import GONE, NOT_CONNECTED
from app.gateway.meters import GatewayMeters
from app.gateway.pending_requests import ASK, FORGET, PendingRequest, PendingRequests, pack
from app.gateway.schemas import Envelope
from app.gateway.waiters import Waiter, Waiters
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.net.takeover import RequestSocket
from app.realtime.presence import Holder
from app.realtime.streams import sse
from app.realtime.streams.response import retry_milliseconds

PRESENT = "gateway.present"
CHECK_SECONDS = 3.0
MARGIN_SECONDS = 5.0
RELEASED_SECONDS = 0.05  # longer than the end of a request takes to reach all workers
LONGEST_RESERVATION = 200
IN_FLIGHT = "This correlation_id is in flight"


class RequestReply:
    """`timeout_seconds`: how long a waiter waits after each frame."""

    def __init__(self, engine: Engine, meters: GatewayMeters, timeout_seconds: float) -> None:
        self._engine = engine
        self._meters = meters
        self._numbers = count(1)
        self._waiters = Waiters(engine, meters, timeout_seconds, self._withdraw)
        self.pending = PendingRequests(engine, meters, self._waiters, timeout_seconds + MARGIN_SECONDS)
        self._check_at = 0.0
        self._is_checking = False
        engine.mailbox.handlers[PRESENT] = lambda _: None  # that it arrives is all
        engine.ticker.add(self._tick)

    def ask(
        self,
        message: Envelope,
        target: str,
        here: Holder | None,
        claims: Claims,
        request_socket: RequestSocket,
    ) -> Iterable[bytes]:
        """The stream of what the target answers; `here` is its holder where that is this worker.

        Raises Conflict where the correlation id is in flight, Overloaded, BrokerUnavailable.
        """
        number = next(self._numbers)
        # Meanwhile the id is reserved: both take one round to the broker.
        finding = gevent.spawn(self._try_to_find, target) if here is None else None
        reservation = self._reserve(message, number)
        try:
            holder = here if finding is None else _result(finding.get())
            if holder is not None:
                waiter = Waiter(number, target, holder, message.correlation_id, reservation)
                return self._open(waiter, message.frame, claims, request_socket)
        except BaseException:
            self._engine.reservations.release(reservation, str(number))
            raise
        self._engine.reservations.release(reservation, str(number))
        self._meters.replies["not_connected"] += 1
        error = codec.error_event(NOT_CONNECTED, message.correlation_id)
        return [sse.opening(retry_milliseconds()), error]

    def _try_to_find(self, target: str) -> Holder | BrokerUnavailable | None:
        try:
            return self._engine.presence.find([target])[0]
        except BrokerUnavailable as error:
            return error

    def _reserve(self, message: Envelope, number: int) -> str:
        """Takes the correlation id for the whole cluster where the caller chose it; an id that the hub made
        is unique. One whose request ended just now is tried again."""
        if not message.is_named:
            return ""
        name = f"id:{message.correlation_id}"
        if len(name) > LONGEST_RESERVATION:
            name = f"sha256:{sha256(name.encode()).hexdigest()}"
        if not self._engine.reservations.claim(name, str(number)):
            gevent.sleep(RELEASED_SECONDS)
            if not self._engine.reservations.claim(name, str(number)):
                self._meters.replies["conflict"] += 1
                raise Conflict(IN_FLIGHT)
        return name

    def _open(
        self, waiter: Waiter, frame: bytes, claims: Claims, request_socket: RequestSocket
    ) -> Iterable[bytes]:
        """Sends the frame to the waiter's holder; the stream of the answers."""
        body = self._waiters.open(waiter, claims, request_socket)
        try:
            self._send(self._request(waiter), waiter.holder.worker, frame)
        except BaseException:
            body.close()
            raise
        return body

    def _send(self, request: PendingRequest, worker: str, frame: bytes) -> None:
        if worker == self._engine.worker_id:
            self.pending.send(request, frame)
        elif not self._engine.mailbox.send(worker, ASK, pack(request) + b"\n" + frame):
            self._waiters.fail(request.number, NOT_CONNECTED)

    def _request(self, waiter: Waiter) -> PendingRequest:
        return PendingRequest(
            waiter.holder.connection, waiter.correlation_id, self._engine.worker_id, waiter.number
        )

    def _withdraw(self, waiter: Waiter) -> None:
        """The waiter waits no longer: the worker of its target drops the request."""
        request = self._request(waiter)
        if waiter.holder.worker == self._engine.worker_id:
            self.pending.forget(request)
        else:
            self._engine.mailbox.post(waiter.holder.worker, FORGET, pack(request))

    # By the clock

    def _tick(self) -> None:
        self._waiters.tick()
        self.pending.tick()
        if monotonic() > self._check_at and not self._is_checking:
            self._check_at = monotonic() + CHECK_SECONDS
            self._is_checking = True
            gevent.spawn(self._check)

    def _check(self) -> None:
        try:
            elsewhere = self._waiters.elsewhere()
            if elsewhere:
                self._end_lost(elsewhere)
        except BrokerUnavailable:
            pass  # the next round asks again
        finally:
            self._is_checking = False

    def _end_lost(self, waiters: list[Waiter]) -> None:
        """Ends those whose target is missed twice in a row: after an absence of the broker, names and
        mailboxes come back one after the other."""
        engine = self._engine
        holders = engine.presence.find([waiter.target for waiter in waiters])
        workers = list({waiter.holder.worker for waiter in waiters})
        heard = engine.mailbox.send_all([(worker, PRESENT, b"") for worker in workers])
        listening = {worker for worker, is_there in zip(workers, heard, strict=True) if is_there}
        for waiter, holder in zip(waiters, holders, strict=True):
            is_lost = holder != waiter.holder or waiter.holder.worker not in listening
            if is_lost and waiter.is_missed:
                self._waiters.give_up(waiter, GONE)
            waiter.is_missed = is_lost


def _result(outcome: Holder | BrokerUnavailable | None) -> Holder | None:
    if isinstance(outcome, BrokerUnavailable):
        raise outcome
    return outcome
