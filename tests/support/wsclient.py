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

Respond = Callable[["WebSocketClient", dict[str, Any]], None]

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
        while self.closed is None:
            try:
                opcode, data = self.socket.recv_data(control_frame=False)
            except (OSError, websocket.WebSocketException):
                self.closed = (LOST, "")
                return
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                code = int.from_bytes(data[:2]) if data else NO_STATUS
                self.closed = (code, data[2:].decode())
                return
            frame = json.loads(data)
            if PROBE in frame:
                continue
            self.texts.append(data.decode())
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
