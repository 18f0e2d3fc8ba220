"""What the gateway does with messages: finds out whom they are for and where that is, delivers or asks."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import gevent

from app.errors import Conflict
from app.gateway import codec
from app.gateway.bots import PublicAccounts
from app.gateway.delivery import FrameSender
from app.gateway.mentions import find_mention
from app.gateway.request_reply import RequestReply
from app.gateway.schemas import Envelope
from app.gateway.waiters import NOT_CONNECTED, Waiter
from app.gateway.websocket import SocketEvents
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.net.takeover import RequestSocket
from app.realtime.presence import Holder
from app.realtime.streams import sse
from app.realtime.streams.response import retry_milliseconds

RELEASED_SECONDS = 0.05  # what the end of a question takes to reach all workers, and more
LONGEST_RESERVATION = 200


class Gateway:
    """One worker's. `push`, `push_all` and `ask` raise BrokerUnavailable."""

    def __init__(self, engine: Engine, public: PublicAccounts, reply_seconds: float) -> None:
        self._engine = engine
        self.public = public
        self._courier = FrameSender(engine)
        self._asking = RequestReply(engine, reply_seconds)
        self.gate = SocketEvents(engine, self._asking)

    def push(self, message: Envelope) -> bool:
        """Whether it was delivered (see delivery.py)."""
        self._engine.start()
        here = self._find_here(self._target(message))
        if here is None:
            return self.push_all([message])[0]
        is_delivered = self._courier.write(here.connection, message.frame)
        self._engine.meters.deliveries["delivered" if is_delivered else "partial"] += 1
        return is_delivered

    def push_all(self, messages: Sequence[Envelope]) -> list[bool]:
        """Whether each was delivered. Those for one target arrive in the order in which they stand here."""
        self._engine.start()
        targets = [self._target(message) for message in messages]
        holders = self._find(set(targets))
        frames = [(holders[target], it.frame) for target, it in zip(targets, messages, strict=True)]
        verdicts = self._courier.deliver(frames)
        delivered = sum(verdicts)
        self._engine.meters.deliveries["delivered"] += delivered
        self._engine.meters.deliveries["partial"] += len(verdicts) - delivered
        return verdicts

    def ask(self, message: Envelope, claims: Claims, request_socket: RequestSocket) -> Iterable[bytes]:
        """The stream of answers. Raises Conflict where the correlation id is in flight; Overloaded."""
        self._engine.start()
        target = self._target(message)
        number = next(self._asking.replies.numbers)
        here = self._find_here(target)
        # Meanwhile the id is reserved: both take one round to the broker.
        finding = gevent.spawn(self._try_to_find, target) if here is None else None
        reservation = self._reserve(message, number)
        try:
            holder = here if finding is None else _result(finding.get())
            if holder is not None:
                waiter = Waiter(number, target, holder, message.correlation_id, reservation)
                return self._asking.ask(waiter, message.frame, claims, request_socket)
        except BaseException:
            self._engine.reservations.release(reservation, str(number))
            raise
        self._engine.reservations.release(reservation, str(number))
        self._engine.meters.replies["not_connected"] += 1
        error = codec.error_event(NOT_CONNECTED, message.correlation_id)
        return [sse.opening(retry_milliseconds()), error]

    def _target(self, message: Envelope) -> str:
        return find_mention(message.data, self.public) or message.user_id

    def _find(self, names: set[str]) -> dict[str, Holder | None]:
        """Where each name is."""
        found = {name: self._find_here(name) for name in names}
        others = [name for name, holder in found.items() if holder is None]
        if others:
            found.update(zip(others, self._engine.presence.find(others), strict=True))
        return found

    def _find_here(self, name: str) -> Holder | None:
        """What this worker holds it knows, unless it may have missed that it does not any more."""
        engine = self._engine
        connection = engine.leases.find(name) if engine.broker.is_connected else None
        return Holder(engine.worker_id, connection) if connection is not None else None

    def _try_to_find(self, name: str) -> Holder | BrokerUnavailable | None:
        try:
            return self._engine.presence.find([name])[0]
        except BrokerUnavailable as error:
            return error

    def _reserve(self, message: Envelope, number: int) -> str:
        """Takes the correlation id for the whole cluster where the caller chose it; those of the hub's own
        are nobody else's. One whose question ended just now is tried again."""
        if not message.is_named:
            return ""
        name = f"id:{message.correlation_id}"
        if len(name) > LONGEST_RESERVATION:
            name = f"sha256:{sha256(name.encode()).hexdigest()}"
        if not self._engine.reservations.claim(name, str(number)):
            gevent.sleep(RELEASED_SECONDS)
            if not self._engine.reservations.claim(name, str(number)):
                self._engine.meters.replies["conflict"] += 1
                raise Conflict("This correlation_id is in flight")
        return name


def _result(outcome: Holder | BrokerUnavailable | None) -> Holder | None:
    if isinstance(outcome, BrokerUnavailable):
        raise outcome
    return outcome
