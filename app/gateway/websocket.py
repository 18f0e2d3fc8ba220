"""What the gateway does with a WebSocket: one name, one connection; its frames answer requests."""

import gevent

from app.gateway import codec
from app.gateway.bot_watch import BotWatch
from app.gateway.pending_requests import PendingRequests
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine
from app.realtime.sockets.connection import Connection, Refuse
from app.realtime.sockets.frames import Binary

TAKEN = Refuse(1008, "User already connected")
AWAY = Refuse(1013, "Try again later")


class SocketEvents:
    """The `SocketHandler` of `/ws`."""

    def __init__(self, engine: Engine, pending: PendingRequests) -> None:
        self._engine = engine
        self._pending = pending
        self._watch = BotWatch(engine)
        engine.leases.on_lost = self._lose

    def opened(self, connection: Connection) -> None:
        """Claims in a greenlet of its own, so that frames of other connections don't wait for the store."""
        self._watch.add(connection)
        gevent.spawn(self._claim, connection)

    def _claim(self, connection: Connection) -> None:
        if not connection.is_open:
            return
        try:
            if not self._engine.broker.is_connected:
                raise BrokerUnavailable("not connected")
            is_ours = self._engine.leases.claim(connection.name, connection.id)
        except BrokerUnavailable:
            connection.close(*AWAY)
            return
        if not is_ours:
            connection.close(*TAKEN)

    def _lose(self, name: str, id: str) -> None:
        connection = self._engine.sockets.by_id.get(id)
        if connection is not None:
            connection.close(*TAKEN)

    def received(self, connection: Connection, message: bytes) -> None:
        try:
            if isinstance(message, Binary):
                raise ValueError("JSON is text")
            answer = codec.read_answer(message)
        except ValueError:
            self._engine.meters.message_errors += 1
            connection.send(codec.error_frame())
        else:
            self._pending.answer(connection, answer)

    def closed(self, connection: Connection, code: int, reason: str) -> None:
        """The name is freed only if it was this connection's."""
        self._watch.remove(connection)
        self._engine.leases.release(connection.name, connection.id)
        self._pending.leave(connection)
