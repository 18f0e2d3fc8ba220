"""A reader of one stream of an engine, in this process, whichever way the stream is written.

`generator`: the response body is iterated, as a WSGI server does that shows no socket. `poller`: it is
iterated and its chunks are written to a socket, as gunicorn does, until the engine takes the socket over.
"""

import errno
import json
import socket
from typing import Any

import gevent
from gevent.event import Event

from app.realtime.claims import Claims
from app.realtime.engine import Engine, Join
from app.realtime.net.takeover import RequestSocket
from app.realtime.streams import sse
from app.realtime.topics import Authorizer, TopicKind
from tests.support.sse import Decoder, ServerEvent
from tests.support.wait import wait_until

ALICE = Claims("alice", "token-of-alice", 0)
WAYS = ("generator", "poller")


def authorize_all(engine: Engine, authorizer: Authorizer) -> None:
    """Every topic of the tests' kind is checked by it."""
    engine.broker.kinds.add(TopicKind("constellation", authorizer=authorizer))


class Response:
    """What the engine asks of gunicorn's response object."""

    chunked = True
    must_close = False

    def force_close(self) -> None:
        self.must_close = True


class Chunked:
    """Undoes chunked transfer coding (RFC 9112, section 7.1)."""

    def __init__(self) -> None:
        self.rest = b""
        self.is_over = False

    def feed(self, data: bytes) -> bytes:
        self.rest += data
        body = b""
        while not self.is_over:
            head, found, tail = self.rest.partition(b"\r\n")
            if not found or len(tail) < int(head, 16) + 2:
                return body
            size = int(head, 16)
            body += tail[:size]
            assert tail[size : size + 2] == b"\r\n"
            self.rest, self.is_over = tail[size + 2 :], size == 0
        return body


class Reader:
    """Reads in a greenlet until the stream ends; `pause` and `resume` make it a slow one."""

    way = "generator"

    def __init__(
        self,
        engine: Engine,
        topic: str = "constellation:a",
        cursor: str | None = None,
        claims: Claims = ALICE,
        join: Join | None = None,
    ) -> None:
        self.decoder = Decoder(cursor or "")
        self._is_new = cursor is None
        self.events: list[ServerEvent] = []
        self.chunks: list[bytes] = []
        self._go = Event()
        self._go.set()
        self.server, self.client = socket.socketpair() if self.way == "poller" else (None, None)
        peer = RequestSocket()
        if self.server is not None:
            # As little as there can be in the kernel, so that a reader that stops is slow soon.
            self.server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            peer = RequestSocket(self.server, Response(), can_be_taken=True)
        self.body = engine.open(
            topic, claims, peer, engine.control.generation, join or engine.history(cursor)
        )
        self._serving = gevent.spawn(self._serve) if self.server is not None else None
        self._greenlet = gevent.spawn(self._read if self.client is not None else self._iterate)

    def _iterate(self) -> None:
        try:
            for chunk in self.body:
                self._go.wait()
                self._take(chunk)
        finally:
            self.body.close()

    def _serve(self) -> None:
        """What gunicorn does with the body."""
        assert self.server is not None
        try:
            for block in self.body:
                if block:  # an empty chunk would be the last one
                    self.server.sendall(sse.chunk(block))
            self.server.sendall(sse.LAST_CHUNK)
        except OSError as error:
            assert error.errno in (errno.EPIPE, errno.ECONNRESET)
        finally:
            self.body.close()
            self.server.close()

    def _read(self) -> None:
        assert self.client is not None
        chunked = Chunked()
        try:
            while data := self.client.recv(65536):
                self._take(chunked.feed(data))
                self._go.wait()
        finally:
            self.client.close()

    def _take(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.events += self.decoder.feed(chunk)

    def pause(self) -> None:
        self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def leave(self) -> None:
        self._greenlet.kill()
        if self._serving is not None:
            self._serving.join(5)
            wait_until(lambda: self.body._subscriber.fd < 0, what="the departure to be noticed")

    @property
    def is_over(self) -> bool:
        return self._greenlet.dead

    @property
    def cursor(self) -> str:
        return self.decoder.last_event_id

    @property
    def messages(self) -> list[str]:
        return [event.data for event in self.events if event.name == "message"]

    def named(self, name: str) -> list[Any]:
        return [json.loads(event.data) for event in self.events if event.name == name]

    def wait_for(self, *messages: str, timeout: float = 5) -> None:
        wait_until(lambda: len(self.messages) >= len(messages), timeout, lambda: f"{messages}: {self.events}")
        assert self.messages == list(messages)

    def wait_for_cursor(self) -> str:
        """Until it is live. A stream that had to wait for its broker begins with a reset, which is dropped:
        a machine that stands still for a moment is enough, and what a test looks for comes after it."""
        cursor = wait_until(lambda: self.cursor, what="a first cursor")
        first = self.events[0] if self._is_new and self.events else None
        if first and first.name == "stream.reset" and json.loads(first.data) == {"reason": "history_lost"}:
            del self.events[0]
        return cursor

    def wait_closed(self, reason: str, timeout: float = 5) -> None:
        wait_until(lambda: self.is_over, timeout, what=lambda: f"the end ({reason}): {self.events}")
        assert self.named("stream.closed") == [{"reason": reason}]
