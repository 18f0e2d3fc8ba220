"""The WebSockets of this worker: which are open, and everything that ends them."""

import os
import secrets
from collections.abc import Callable, Iterator
from itertools import count
from time import monotonic
from typing import Any

from app.realtime.disconnect import Disconnect
from app.realtime.meters import Meters
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Accept, Connection, Refuse, SocketLimits, Transport
from app.realtime.sockets.epoll_transport import EpollTransport
from app.realtime.sockets.greenlet_transport import GreenletTransport
from app.realtime.sockets.handler_pool import HandlerPool
from app.realtime.sockets.pings import Pings
from app.realtime.timers import Expiry

CLOSING_SECONDS = 2.0
SHUTDOWN = Refuse(1001, "Server shutdown")
OVERLOADED = Refuse(1013, "Try again later")


class Sockets:
    """`by_id` has the open connections. `held` counts also those that are closing."""

    def __init__(self, limits: SocketLimits, meters: Meters, hands_over: bool = True) -> None:
        self.limits = limits
        self.meters = meters
        self.by_id: dict[str, Connection] = {}
        self.tokens: dict[str, set[Connection]] = {}
        self.closing: dict[Connection, float] = {}
        self.on_end: Callable[[Connection], None] | None = None
        self.handler_pool = HandlerPool(meters, self._ended)
        self.schedule = self.handler_pool.schedule
        self._transport = EpollTransport()
        self._hands_over = hands_over
        self._carried = 0
        self._untold = 0
        self._pings = Pings(limits.ping_seconds, limits.pong_seconds)
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
        for connection in [it for it, until in self.closing.items() if until < now]:
            connection.transport.drop(connection)

    # Opening

    def open(self, request_socket: RequestSocket, sock: Any, accept: Accept) -> Connection:
        """A connection on a socket whose handshake was answered; `carry` must follow. `sock` is the server's
        object for it. A connection without a handler is not listed: its opener closes it. Raises OSError."""
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
            self.schedule(connection)
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

    # Ending (`remove`, `await_close` and `release` are called by connections: see `connection.Owner`)

    def remove(self, connection: Connection) -> None:
        if self.by_id.pop(connection.id, None) is None:
            return
        bearers = self.tokens[connection.claims.token]
        bearers.discard(connection)
        if not bearers:
            del self.tokens[connection.claims.token]
        self._pings.remove(connection)
        # Peers may choose among two thousand codes: these are not counted apart.
        code = connection.code
        self.meters.socket_ends[str(code) if code < 3000 else "application"] += 1
        self.schedule(connection)

    def await_close(self, connection: Connection) -> None:
        self.closing[connection] = monotonic() + CLOSING_SECONDS

    def release(self, connection: Connection) -> None:
        self.closing.pop(connection, None)

    def disconnect(self, order: Disconnect) -> None:
        """Ends the connections that the order names; an order that names a topic is about streams."""
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
        """No connection is open or closing, and every handler was told."""
        return not self.held and not self._untold

    def _ended(self, connection: Connection) -> None:
        self._untold -= 1
        if self.on_end is not None:
            self.on_end(connection)
