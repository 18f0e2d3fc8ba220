"""A small HTTP/1.1 client that costs little: one keep-alive connection, requests as plain bytes."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

TIMEOUT_SECONDS = 30


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a request."""
    fields = {"Host": "127.0.0.1", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


GONE = Answer(0, b"connection closed")


class HttpConnection:
    """One keep-alive connection. At most one request is under way."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, wire: bytes) -> None:
        self._socket.sendall(wire)

    def receive(self) -> Answer | None:
        """Read once: the answer when it is whole, `GONE` when the other side has closed."""
        try:
            got = self._socket.recv(65536)
        except ConnectionError:
            return GONE
        if not got:
            return GONE
        self._received += got
        return self._take_answer()

    def ask(self, wire: bytes) -> Answer:
        """Send a request and wait for its answer."""
        self.send(wire)
        while (answer := self.receive()) is None:
            pass
        return answer

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_answer(self) -> Answer | None:
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        fields = head.lower()
        status = int(head[9:12])
        if b"transfer-encoding: chunked" in fields:
            body, ended, rest = rest.partition(b"0\r\n\r\n")
            if not ended:
                return None
        else:
            length = int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return None
            body, rest = rest[:length], rest[length:]
        self._received = rest
        return Answer(status, body)
