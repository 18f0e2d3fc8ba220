"""A WebSocket client as plain bytes (RFC 6455): costs little, and sends frames that no library would send."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple, Self

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455, 1.3
# A mask of zeros is as valid as any other, and costs nothing to apply.
NO_MASKING = bytes(4)


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
    if key == NO_MASKING:
        return head + key + payload
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


class FrameReader:
    """Feed it what a server sends, it hands back whole frames; AssertionError on what none may send."""

    def __init__(self) -> None:
        self.buffer = bytearray()  # what was fed and not taken yet

    def feed(self, data: bytes) -> None:
        self.buffer += data

    def take_head(self) -> str:
        """The head of the answer to the handshake; "" while it is not all there."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return ""
        head = self.buffer[:end].decode()
        del self.buffer[: end + 4]
        return head

    def take(self) -> Frame | None:
        """The next frame; None while it is not all there."""
        buffer = self.buffer
        if len(buffer) < 2:
            return None
        first, size = buffer[0], buffer[1]
        assert first & 0xF0 == 0x80, f"a fragment or reserved bits: {first:#x}"
        assert not size & 0x80, "a server must not mask"
        start = 2
        if size > 125:
            start += 2 if size == 126 else 8
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        payload = bytes(buffer[start : start + size])
        del buffer[: start + size]
        return Frame(first & 0x0F, payload)


class Client:
    """Reads the frames of a server; anything that is not one is an AssertionError."""

    def __init__(self, sock: socket.socket, timeout: float = 5.0) -> None:
        self.sock = sock
        sock.settimeout(timeout)
        self._received = FrameReader()
        self.head = ""

    @classmethod
    def connect(cls, port: int, path: str, early: bytes = b"", timeout: float = 5.0, **headers: str) -> Self:
        """A handshake over loopback; `early` is sent together with it."""
        client = cls(socket.create_connection(("127.0.0.1", port)), timeout)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sock.sendall(handshake(path, **headers) + early)
        client.read_head()
        assert client.head.startswith("HTTP/1.1 101 "), client.head
        assert f"sec-websocket-accept: {ACCEPT}".lower() in client.head.lower()
        return client

    def read_head(self) -> str:
        while not (head := self._received.take_head()):
            self._receive()
        self.head = head
        return head

    def send(self, *frames: bytes) -> None:
        self.sock.sendall(b"".join(frames))

    def say(self, text: str, key: bytes | None = None) -> None:
        self.send(frame(TEXT, text.encode(), key=key))

    def read(self) -> Frame:
        while (found := self._received.take()) is None:
            self._receive()
        return found

    def hear(self) -> str:
        """The text of the next frame."""
        opcode, payload = self.read()
        assert opcode == TEXT, f"no text: {opcode} {payload[:200]!r}"
        return payload.decode()

    def texts(self) -> Iterator[bytes]:
        """What comes as text, until the server closes; pings are answered."""
        while (found := self.read()).opcode != CLOSE:
            if found.opcode == PING:
                self.send(frame(PONG, found.payload))
            else:
                yield found.payload

    def drain(self) -> None:
        """Reads until the connection ends, and looks at nothing."""
        while self.sock.recv(1 << 20):
            pass

    def read_end(self) -> tuple[int, str]:
        """Everything up to the close frame, and nothing behind it."""
        while (last := self.read()).opcode != CLOSE:
            pass
        assert self.is_at_end(), "bytes after a close frame"
        return last.end

    def is_at_end(self) -> bool:
        return not self._received.buffer and not self.sock.recv(65536)

    def close(self) -> None:
        self.sock.close()

    def _receive(self) -> None:
        data = self.sock.recv(1024 * 1024)
        assert data, f"the connection ended: {bytes(self._received.buffer[:200])!r}"
        self._received.feed(data)


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
