"""What the gateway does with a message: it finds the target and its holder, then delivers or asks."""

from collections.abc import Iterable, Sequence

from app.gateway.bots import PublicAccounts
from app.gateway.delivery import FrameSender
from app.gateway.mentions import find_mention
from app.gateway.meters import GatewayMeters
from app.gateway.request_reply import RequestReply
from app.gateway.schemas import Envelope
from app.gateway.websocket import SocketEvents
from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.net.takeover import RequestSocket
from app.realtime.presence import Holder


class Gateway:
    """Of one worker. `push`, `push_all` and `ask` raise BrokerUnavailable."""

    def __init__(
        self, engine: Engine, meters: GatewayMeters, public: PublicAccounts, reply_seconds: float
    ) -> None:
        self._engine = engine
        self._meters = meters
        self._sender = FrameSender(engine)
        self._request_reply = RequestReply(engine, meters, reply_seconds)
        self.public = public
        self.socket_events = SocketEvents(engine, self._request_reply.pending)

    def push(self, message: Envelope) -> bool:
        """Whether it was delivered (see delivery.py)."""
        self._engine.start()
        here = self._find_here(self._target(message))
        if here is None:
            return self.push_all([message])[0]
        is_delivered = self._sender.write(here.connection, message.frame)
        self._meters.deliveries["delivered" if is_delivered else "partial"] += 1
        return is_delivered

    def push_all(self, messages: Sequence[Envelope]) -> list[bool]:
        """Whether each was delivered. Messages for one target arrive in the order of the list."""
        self._engine.start()
        targets = [self._target(message) for message in messages]
        holders = self._find(set(targets))
        frames = [(holders[target], it.frame) for target, it in zip(targets, messages, strict=True)]
        verdicts = self._sender.deliver(frames)
        delivered = sum(verdicts)
        self._meters.deliveries["delivered"] += delivered
        self._meters.deliveries["partial"] += len(verdicts) - delivered
        return verdicts

    def ask(self, message: Envelope, claims: Claims, request_socket: RequestSocket) -> Iterable[bytes]:
        """The stream of answers. Raises Conflict where the correlation id is in flight; Overloaded."""
        self._engine.start()
        target = self._target(message)
        here = self._find_here(target)
        return self._request_reply.ask(message, target, here, claims, request_socket)

    def _target(self, message: Envelope) -> str:
        return find_mention(message.data, self.public) or message.user_id

    def _find(self, names: set[str]) -> dict[str, Holder | None]:
        """The holder of each name."""
        found = {name: self._find_here(name) for name in names}
        others = [name for name, holder in found.items() if holder is None]
        if others:
            found.update(zip(others, self._engine.presence.find(others), strict=True))
        return found

    def _find_here(self, name: str) -> Holder | None:
        """The holder, where that is this worker; None without the broker, when it may be out of date."""
        engine = self._engine
        connection = engine.leases.find(name) if engine.broker.is_connected else None
        return Holder(engine.worker_id, connection) if connection is not None else None
