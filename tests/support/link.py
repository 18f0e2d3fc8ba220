"""Proxies to a TCP server on loopback: one that can be cut, as when a cable is pulled (nothing is refused,
nothing arrives), be slow, or lead to another server; and one that withholds what Redis publishes."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import BinaryIO

import gevent
from gevent.event import Event
from gevent.pool import Group
from gevent.server import StreamServer

# Of a channel, and of a shard channel.
MESSAGES = (b"*3\r\n$7\r\nmessage\r\n", b"*3\r\n$8\r\nsmessage\r\n")


class Link:
    """Bytes that wait while it is cut go on when it is healed; `heal(late=True)` keeps what is under way on
    the connections so far until `deliver_late`, as a network does that sends again when it likes.

    `target`: the port where new connections lead. `delay`: seconds by which all that comes back is late.
    """

    def __init__(self, port: int) -> None:
        self.target = port
        self.delay = 0.0
        self._open = Event()
        self._open.set()
        self._late: list[Event] = []
        self._forwarders = Group()
        self._server = StreamServer(("127.0.0.1", 0), self._carry)
        self._server.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def cut(self) -> None:
        self._open.clear()

    def drop(self) -> None:
        """End all connections; new ones wait while it is cut."""
        self._forwarders.kill()

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
        self._forwarders.kill()

    def _carry(self, near: socket.socket, _: tuple[str, int]) -> None:
        gate = self._open
        gate.wait()
        far = socket.create_connection(("127.0.0.1", self.target))
        there = self._forwarders.spawn(_forward, _chunks(near), far, gate)
        back = self._forwarders.spawn(_forward, self._answers(far), near, gate)
        gevent.joinall([there, back])
        far.close()

    def _answers(self, far: socket.socket) -> Iterator[bytes]:
        for data in _chunks(far):
            gevent.sleep(self.delay)
            yield data


class DeafLink(Link):
    """While `is_deaf`, Redis answers everything, also its subscribers' pings, but delivers nothing that is
    published."""

    is_deaf = False

    def _answers(self, far: socket.socket) -> Iterator[bytes]:
        with far.makefile("rb") as answers:
            while answer := _read_answer(answers):
                if not (self.is_deaf and answer.startswith(MESSAGES)):
                    yield answer


def _read_answer(answers: BinaryIO) -> bytes:
    """One whole reply (RESP2), as it came."""
    line = answers.readline()
    if line[:1] == b"$" and line[1:2] != b"-":
        return line + answers.read(int(line[1:]) + 2)
    if line[:1] == b"*":
        return line + b"".join(_read_answer(answers) for _ in range(int(line[1:])))
    return line


def _chunks(source: socket.socket) -> Iterator[bytes]:
    while data := source.recv(65536):
        yield data


def _forward(source: Iterator[bytes], target: socket.socket, gate: Event) -> None:
    with contextlib.suppress(OSError):
        for data in source:
            gate.wait()
            target.sendall(data)
    gate.wait()
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
