"""The other end of a WebSocket, as plain bytes (RFC 6455): also for frames that no library would send."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple, Self

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    is_last: bool = True,
    is_masked: bool = True,
    reserved: int = 0,
    key: bytes | None = None,
) -> bytes:
    """One frame of a client."""
    size = len(payload)
    first = is_last << 7 | reserved << 4 | opcode
    mask = is_masked << 7
    if size < 126:
        head = bytes([first, mask | size])
    elif size < 65536:
        head = struct.pack(">BBH", first, mask | 126, size)
    else:
        head = struct.pack(">BBQ", first, mask | 127, size)
    if not is_masked:
        return head + payload
    key = key or os.urandom(4)
    repeated = key * (size // 4 + 1)
    number = int.from_bytes(payload, "big") ^ int.from_bytes(repeated[:size], "big")
    return head + key + number.to_bytes(size, "big")


def close_frame(code: int, reason: str = "") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason.encode())


class Frame(NamedTuple):
    opcode: int
    payload: bytes

    @property
    def end(self) -> tuple[int, str]:
        """The code and reason of a close frame."""
        assert self.opcode == CLOSE, f"no close frame: {self}"
        return int.from_bytes(self.payload[:2], "big"), self.payload[2:].decode()


class Client:
    """Reads the frames of a server; anything that is not one is an AssertionError."""

    def __init__(self, sock: socket.socket, timeout: float = 5.0) -> None:
        self.sock = sock
        sock.settimeout(timeout)
        self._buffer = bytearray()
        self.head = ""

    @classmethod
    def connect(cls, port: int, path: str, early: bytes = b"", timeout: float = 5.0, **headers: str) -> Self:
        """A handshake over loopback; `early` is sent together with it."""
        client = cls(socket.create_connection(("127.0.0.1", port)), timeout)
        client.sock.sendall(handshake(path, **headers) + early)
        client.read_head()
        assert client.head.startswith("HTTP/1.1 101 "), client.head
        assert f"sec-websocket-accept: {ACCEPT}".lower() in client.head.lower()
        return client

    def read_head(self) -> str:
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        self._buffer[:] = rest
        self.head = head.decode()
        return self.head

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def say(self, text: str) -> None:
        self.send(frame(TEXT, text.encode()))

    def read(self) -> Frame:
        first, second = self._take(2)
        assert first & 0xF0 == 0x80, f"a fragment or reserved bits: {first:#x}"
        assert not second & 0x80, "a server must not mask"
        size = second
        if second > 125:
            size = int.from_bytes(self._take(2 if second == 126 else 8), "big")
        return Frame(first & 0x0F, self._take(size))

    def hear(self) -> str:
        """The text of the next frame."""
        opcode, payload = self.read()
        assert opcode == TEXT, f"no text: {opcode} {payload[:200]!r}"
        return payload.decode()

    def read_end(self) -> tuple[int, str]:
        """Everything up to the close frame, and nothing behind it."""
        while (last := self.read()).opcode != CLOSE:
            pass
        assert self.is_at_end(), "bytes after a close frame"
        return last.end

    def is_at_end(self) -> bool:
        return not self._buffer and not self.sock.recv(65536)

    def close(self) -> None:
        self.sock.close()

    def _take(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._receive()
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _receive(self) -> None:
        data = self.sock.recv(1024 * 1024)
        assert data, f"the connection ended: {bytes(self._buffer[:200])!r}"
        self._buffer += data


def handshake(path: str, **headers: str) -> bytes:
    """A request as browsers send it; a header that is empty is left out."""
    all_headers = {
        "Host": "hub",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode()
