"""This worker's WebSockets: who is connected, and everything that ends them."""

import os
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from time import monotonic
from typing import Any

from app.realtime.disconnect import Disconnect
from app.realtime.meters import Meters
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Accept, Connection, Refuse, SocketLimits
from app.realtime.sockets.epoll_transport import EpollTransport, Transport
from app.realtime.sockets.greenlet_transport import GreenletTransport
from app.realtime.sockets.handler_pool import HandlerPool
from app.realtime.sockets.pings import Pings
from app.realtime.timers import Expiry

CLOSING_SECONDS = 2.0
SHUTDOWN = Refuse(1001, "Server shutdown")
OVERLOADED = Refuse(1013, "Try again later")


class Sockets:
    """`by_id` has the open ones; `held` counts also those that are saying goodbye."""

    def __init__(self, bounds: SocketLimits, meters: Meters, hands_over: bool = True) -> None:
        self.bounds = bounds
        self.meters = meters
        self.by_id: dict[str, Connection] = {}
        self.tokens: dict[str, set[Connection]] = {}
        self.leaving: dict[Connection, float] = {}
        self.on_end: Callable[[Connection], None] | None = None
        self.handler_pool = HandlerPool(meters, self._ended)
        self._transport = EpollTransport()
        self._hands_over = hands_over
        self._carried = 0
        self._untold = 0
        self._pings = Pings(bounds.ping_seconds, bounds.pong_seconds)
        self._expiry: Expiry[Connection] = Expiry(self.tokens, lambda it: it.disconnect("token_expired"))
        self._ids = (f"{prefix}{number:x}" for prefix in [secrets.token_hex(6)] for number in count())

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self.by_id.values()))

    @property
    def held(self) -> int:
        return len(self._transport) + self._carried

    def start(self) -> None:
        self._transport.start()
        self.handler_pool.start()

    def stop(self) -> None:
        self._transport.stop()
        self.handler_pool.stop()

    @property
    def is_alive(self) -> bool:
        return self._transport.is_alive and self.handler_pool.is_alive

    def tick(self) -> None:
        self._pings.tick()
        self._expiry.tick()
        now = monotonic()
        for connection in [it for it, until in self.leaving.items() if until < now]:
            connection.transport.drop(connection)

    # Coming

    def open(self, request_socket: RequestSocket, sock: Any, accept: Accept) -> Connection:
        """A connection on a socket whose handshake was answered; `carry` must follow. `sock` is the server's
        object for it. Without a handler it is not listed: whoever made it closes it. Raises OSError."""
        is_taken = self._hands_over and request_socket.can_be_taken
        transport: Transport = self._transport if is_taken else GreenletTransport(sock)
        connection = Connection(next(self._ids), accept, self, transport)
        if is_taken:
            self._take_over(connection, request_socket.take()[0])
        if accept.handler is not None:
            self.by_id[connection.id] = connection
            self.tokens.setdefault(accept.claims.token, set()).add(connection)
            self._expiry.add(connection)
            self._pings.add(connection)
            self._untold += 1
            self.handler_pool.schedule(connection)
        connection.feed(request_socket.take_unread())
        return connection

    def _take_over(self, connection: Connection, fd: int) -> None:
        try:
            self._transport.attach(connection, fd)
        except OSError:
            os.close(fd)
            raise

    def carry(self, connection: Connection) -> None:
        """Returns at once for a socket that was taken over, else when the connection is over."""
        if isinstance(connection.transport, GreenletTransport):
            self._carried += 1
            try:
                connection.transport.carry(connection)
            finally:
                self._carried -= 1

    # Going

    def forget(self, connection: Connection) -> None:
        """It has ended (`Connection` calls this); its handler is told by the pump."""
        if self.by_id.pop(connection.id, None) is None:
            return
        bearers = self.tokens[connection.claims.token]
        bearers.discard(connection)
        if not bearers:
            del self.tokens[connection.claims.token]
        self._pings.remove(connection)
        # Peers may choose among two thousand codes: that many are not told apart.
        code = connection.code
        self.meters.socket_ends[str(code) if code < 3000 else "application"] += 1
        self.handler_pool.schedule(connection)

    def leave(self, connection: Connection) -> None:
        """It was told its end, and has a moment to take it."""
        self.leaving[connection] = monotonic() + CLOSING_SECONDS

    def disconnect(self, order: Disconnect) -> None:
        """Ends those that the order names; one that names a topic is about streams."""
        if order.topic:
            return
        for connection in list(self.tokens.get(order.token, ())) if order.token else self:
            if order.matches(connection.claims):
                connection.disconnect(order.reason)

    def drain(self) -> None:
        for connection in self:
            connection.close(*SHUTDOWN)

    @property
    def is_empty(self) -> bool:
        """Nobody is connected or leaving, and every handler knows."""
        return not self.held and not self._untold

    def _ended(self, connection: Connection) -> None:
        self._untold -= 1
        if self.on_end is not None:
            self.on_end(connection)
