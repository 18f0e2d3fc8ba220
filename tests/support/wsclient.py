"""WebSocket clients of the tests: they read all the time, and remember what came."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import gevent
import websocket

from tests.support.wait import wait_until
from tests.support.websocket import CLOSE, PING, PONG, FrameReader

Respond = Callable[["WebSocketClient", dict[str, Any]], None]

READ_BYTES = 256 * 1024
PROBE = "probe"  # frames with this key only try whether the connection works; they are not remembered
NO_STATUS, LOST = 1005, 1006  # RFC 6455, 7.4.1: a close frame without a code, and none at all


class WebSocketClient:
    """One connection. `respond` is called with each frame that came, which should be a JSON object."""

    def __init__(
        self, url: str, respond: Respond | None = None, *, timeout: float = 10.0, **options: Any
    ) -> None:
        """`options` are those of `websocket.create_connection`: `header`, `origin`, …"""
        self.frames: list[dict[str, Any]] = []
        self.texts: list[str] = []
        self.closed: tuple[int, str] | None = None
        self._respond = respond
        options.setdefault("suppress_origin", True)  # what sends one is a page in a browser
        self.socket = websocket.create_connection(url, timeout=timeout, **options)
        self.socket.settimeout(None)
        self.local_port: int = self.socket.sock.getsockname()[1]
        self._greenlet = gevent.spawn(self._read)

    def _read(self) -> None:
        # As much as there is at a time: the library reads each frame in two pieces, too slowly for a large
        # batch on a busy machine.
        reader = FrameReader()
        while self.closed is None:
            try:
                data = self.socket.sock.recv(READ_BYTES)
            except OSError:
                data = b""
            if not data:
                self.closed = (LOST, "")
            reader.feed(data)
            while self.closed is None and (frame := reader.take()) is not None:
                self._take(*frame)

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == CLOSE:
            self.closed = (int.from_bytes(payload[:2]) if payload else NO_STATUS, payload[2:].decode())
            with suppress(OSError, websocket.WebSocketException):
                self.socket.send_close()
        elif opcode == PING:
            self.socket.pong(payload)
        elif opcode != PONG:
            self._remember(payload)

    def _remember(self, payload: bytes) -> None:
        frame = json.loads(payload)
        if PROBE in frame:
            return
        self.texts.append(payload.decode())
        self.frames.append(frame)
        if self._respond is not None:
            self._respond(self, frame)

    def send(self, message: dict[str, Any] | str | bytes) -> None:
        """A text frame; bytes go as a binary one."""
        if isinstance(message, bytes):
            self.socket.send_binary(message)
        else:
            self.socket.send(message if isinstance(message, str) else json.dumps(message))

    def wait_frames(self, count: int, timeout: float = 5.0) -> list[dict[str, Any]]:
        wait_until(lambda: len(self.frames) >= count, timeout, lambda: f"{count} frames, got {self.texts}")
        return self.frames

    def wait_closed(self, timeout: float = 5.0) -> tuple[int, str]:
        """Code and reason of the server's close frame."""
        wait_until(lambda: self.closed is not None, timeout, "the end of a WebSocket")
        assert self.closed is not None
        return self.closed

    @property
    def is_open(self) -> bool:
        return self.closed is None

    def stop_reading(self) -> None:
        """What comes from now on stays in the kernel, until that is full."""
        self._greenlet.kill()

    def close(self) -> None:
        """By a close frame, without waiting for the answer."""
        self._greenlet.kill()
        self.closed = self.closed or (NO_STATUS, "")
        with suppress(OSError, websocket.WebSocketException):
            self.socket.send_close()
        self.socket.shutdown()

    def vanish(self) -> None:
        """Without a close frame."""
        self._greenlet.kill()
        self.closed = (LOST, "")
        self.socket.shutdown()


def url_of(hub_url: str, user_id: str | None, query: dict[str, str] | None = None) -> str:
    """Of `/ws` on a hub, over TLS where its own url is."""
    pairs = ({} if user_id is None else {"user_id": user_id}) | (query or {})
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
    return f"{hub_url.replace('http', 'ws', 1)}/ws{'?' if text else ''}{text}"


def echo(client: WebSocketClient, frame: dict[str, Any]) -> None:
    """A bot that answers with two frames, of which the second is final."""
    answer = {"correlation_id": frame["correlation_id"], "echo": frame.get("message")}
    client.send({**answer, "part": 1})
    client.send({**answer, "part": 2, "is_final": True})


def silent(client: WebSocketClient, frame: dict[str, Any]) -> None:
    """A bot that never answers."""
