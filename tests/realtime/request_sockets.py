"""A worker's sockets in this process, and the other ends of them, over either transport.

`poller`: the descriptor is taken over. `greenlets`: as under a server that keeps its sockets.
"""

import socket
from typing import Any

import gevent

from app.realtime.claims import Claims
from app.realtime.meters import Meters
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Accept, Connection, SocketLimits
from app.realtime.sockets.registry import Sockets
from tests.support.wait import wait_until
from tests.support.websocket import Client

ALICE = Claims("alice", "token-of-alice", 0)
WAYS = ("poller", "greenlets")


class Response:
    """What is asked of gunicorn's response object."""

    chunked = False


class Recorder:
    """A handler that records its calls; `echoes` sends every message back."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.echoes = False

    def opened(self, connection: Connection) -> None:
        self.told.append("opened")

    def received(self, connection: Connection, message: bytes) -> None:
        self.told.append(message)
        if self.echoes:
            connection.send(message)

    def closed(self, connection: Connection, code: int, reason: str) -> None:
        self.told.append((code, reason))

    @property
    def ends(self) -> list[Any]:
        return [told for told in self.told if isinstance(told, tuple)]

    def wait_told(self, *told: Any, timeout: float = 5) -> None:
        wait_until(lambda: len(self.told) >= len(told), timeout, lambda: f"{told}: {self.told}")
        assert self.told == list(told)

    def wait_end(self, code: int, reason: str = "", timeout: float = 5) -> None:
        wait_until(lambda: self.ends, timeout, lambda: f"the end: {self.told[-5:]}")
        assert self.told[-1] == (code, reason)


class Written(list[bool]):
    """Records the calls of `on_written`."""

    def __call__(self, is_written: bool) -> None:
        self.append(is_written)


class Worker:
    """`open` gives a connection and its client; the kernel keeps next to nothing for a reader that stops."""

    def __init__(self, way: str, **bounds: Any) -> None:
        self.meters = Meters()
        self.sockets = Sockets(SocketLimits(**bounds), self.meters, hands_over=way == "poller")
        self.sockets.start()
        self.clients: list[Client] = []
        self.way = way

    def open(
        self, handler: Recorder, name: str = "alice", claims: Claims = ALICE
    ) -> tuple[Connection, Client]:
        server, client = socket.socketpair()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.clients.append(Client(client))
        peer = RequestSocket(server, Response(), can_be_taken=self.way == "poller")
        connection = self.sockets.open(peer, server, Accept(name, claims, handler))
        gevent.spawn(self._carry, connection, server)
        return connection, self.clients[-1]

    def _carry(self, connection: Connection, server: socket.socket) -> None:
        """What the request does."""
        self.sockets.carry(connection)
        server.close()

    def wait_empty(self, timeout: float = 5) -> None:
        wait_until(lambda: self.sockets.is_empty, timeout, lambda: f"{self.sockets.held} sockets to go")
        assert not self.sockets.by_id
        assert not self.sockets.tokens
        assert not self.sockets.closing

    def stop(self) -> None:
        self.sockets.stop()
        for client in self.clients:
            client.close()
