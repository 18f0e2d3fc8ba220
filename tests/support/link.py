"""A road to a TCP server on loopback that can be cut, as when a cable is pulled: nothing is refused, and
nothing arrives."""

from __future__ import annotations

import contextlib
import socket

import gevent
from gevent.event import Event
from gevent.pool import Group
from gevent.server import StreamServer


class Link:
    """What waits when it is cut goes on when it is healed; `heal(late=True)` keeps what is under way on the
    connections so far until `deliver_late`, as a network does that sends again when it likes."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open = Event()
        self._open.set()
        self._late: list[Event] = []
        self._pumps = Group()
        self._server = StreamServer(("127.0.0.1", 0), self._carry)
        self._server.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def cut(self) -> None:
        self._open.clear()

    def drop(self) -> None:
        """End all connections; new ones wait while it is cut."""
        self._pumps.kill()

    def heal(self, late: bool = False) -> None:
        if late:
            self._late.append(self._open)
            self._open = Event()
        self._open.set()

    def deliver_late(self) -> None:
        for gate in self._late:
            gate.set()

    def close(self) -> None:
        self._server.stop()
        self._pumps.kill()

    def _carry(self, near: socket.socket, _: tuple[str, int]) -> None:
        gate = self._open
        gate.wait()
        far = socket.create_connection(("127.0.0.1", self._target))
        ways = [self._pumps.spawn(_pump, *way, gate) for way in ((near, far), (far, near))]
        gevent.joinall(ways)
        far.close()


def _pump(source: socket.socket, target: socket.socket, gate: Event) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            gate.wait()
            target.sendall(data)
    gate.wait()
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
