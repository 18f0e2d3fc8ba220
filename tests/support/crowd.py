"""Hundreds of EventSources in one greenlet: enough of the protocol to count, to come back, and to be slow.

They speak HTTP/1.0, so that bodies are not chunked, and keep the raw bytes; these are understood at the end.
"""

from __future__ import annotations

import re
import select
import socket
import time
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

import gevent
from gevent import monkey

from tests.support.wait import wait_until

_EVENT = re.compile(rb"id: (\S+)\ndata: ([^\n]*)\n\n")
_TIME = re.compile(rb'"t":(\d+)')
_epoll: Any = monkey.get_original("select", "epoll")


class Member:
    """One client. `body` is every whole block it ever got, over all its connections."""

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.body = bytearray()
        self.rest = b""
        self.has_head = False
        self.connections = 0
        self.is_stalled = False
        self.is_timed = True

    def feed(self, data: bytes) -> None:
        self.rest += data
        if not self.has_head:
            head, found, rest = self.rest.partition(b"\r\n\r\n")
            if not found:
                return
            assert head.split(b" ")[1] == b"200", head
            self.has_head, self.rest = True, rest
        whole, found, self.rest = self.rest.rpartition(b"\n\n")
        self.body += whole + found

    @property
    def events(self) -> list[tuple[str, str]]:
        """(id, data) of every message."""
        return [(id.decode(), data.decode()) for id, data in _EVENT.findall(bytes(self.body))]

    @property
    def last_id(self) -> str:
        start = self.body.rfind(b"id: ")
        return self.body[start + 4 : self.body.index(b"\n", start)].decode() if start >= 0 else ""


class Crowd:
    """`count` members on one stream; those whose connection ends come back at once, with their cursor."""

    def __init__(self, url: str, token: str, count: int, receive_bytes: int = 0) -> None:
        self._url, self._token, self._receive_bytes = urlsplit(url), token, receive_bytes
        self._epoll = _epoll()
        self._by_fd: dict[int, Member] = {}
        self.members = [Member() for _ in range(count)]
        self.latencies: list[float] = []
        self._away: list[Member] = []
        self._greenlet = gevent.spawn(self._work)

    def __enter__(self) -> Self:
        for number, member in enumerate(self.members):
            self._connect(member)
            if number % 20 == 19:
                gevent.sleep(0.005)
        wait_until(lambda: all(m.last_id for m in self.members), 60, "the whole crowd to be in")
        return self

    def __exit__(self, *_: object) -> None:
        self._greenlet.kill()
        for member in self.members:
            self.drop(member)
        self._epoll.close()

    def _connect(self, member: Member) -> None:
        sock = socket.socket()
        if self._receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_bytes)
        sock.connect((self._url.hostname, self._url.port))
        cursor = f"Last-Event-ID: {member.last_id}\r\n" if member.last_id else ""
        head = f"GET {self._url.path} HTTP/1.0\r\nAuthorization: Bearer {self._token}\r\n{cursor}\r\n"
        sock.sendall(head.encode())
        member.sock, member.rest, member.has_head = sock, b"", False
        member.connections += 1
        self._by_fd[sock.fileno()] = member
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    def drop(self, member: Member) -> None:
        """Closes the connection without any notice."""
        sock, member.sock = member.sock, None
        if sock is not None:
            del self._by_fd[sock.fileno()]
            with suppress(FileNotFoundError):
                self._epoll.unregister(sock.fileno())
            sock._sock.close()  # gevent would close it a turn of its loop later

    def stall(self, members: list[Member]) -> None:
        """They stop reading, and stay."""
        for member in members:
            assert member.sock is not None
            member.is_stalled = True
            self._epoll.unregister(member.sock.fileno())

    def resume(self) -> None:
        """Returns when all have what the others have."""
        for member in self.members:
            if member.is_stalled and member.sock is not None:
                member.is_stalled = False
                self._epoll.register(member.sock.fileno(), select.EPOLLIN)
        wait_until(lambda: len({member.last_id for member in self.members}) == 1, 30, "all to catch up")

    def _work(self) -> None:
        while True:
            for fd, _ in self._epoll.poll(0, 512):
                self._read(self._by_fd[fd])
            self._away = [member for member in self._away if not self._come_back(member)]
            gevent.sleep(0.0005)

    def _come_back(self, member: Member) -> bool:
        """A connection that a dying worker had not accepted yet fails: then it is tried again."""
        try:
            self._connect(member)
        except OSError:
            return False
        return True

    def _read(self, member: Member) -> None:
        assert member.sock is not None
        try:
            data = member.sock._sock.recv(262_144, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            member.feed(data)
            if member.is_timed:
                now = time.time_ns()
                self.latencies += [(now - int(t)) / 1e6 for t in _TIME.findall(data)]
            return
        self.drop(member)
        self._away.append(member)
