"""A WebSocket client for asyncio (RFC 6455), for a server whose frames are whole and unmasked."""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import cast

from benchmarks.harness.websocket import CLOSE, PING, PONG, TEXT, frame_of, take_frame
from benchmarks.soak.stream import reset

OPEN_SECONDS = 45.0
GOING_AWAY = (1001).to_bytes(2)


class WebSocket(asyncio.Protocol):
    """`take` is called with each text. `code` and `reason` are those of the server's close frame."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.code, self.reason = 0, ""
        self.status = 0
        self.ended = asyncio.Event()
        self.answered = asyncio.get_running_loop().create_future()
        self._take = take
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(frame_of(payload, opcode))

    def leave(self) -> None:
        """By the closing handshake; the server ends the connection."""
        self.send(GOING_AWAY, CLOSE)

    def disconnect(self) -> None:
        if self._transport is not None:
            reset(self._transport)

    def fall_silent(self) -> None:
        """Reads nothing any more, pings neither."""
        if self._transport is not None and not self.ended.is_set():
            self._transport.pause_reading()

    def listen_again(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self.status and not self._read_head():
            return
        while (frame := take_frame(self._received)) is not None:
            self._read(*frame)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        if not self.answered.done():
            self.answered.set_result(None)

    def _read_head(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end >= 0:
            self.status = int(self._received[9:12])
            del self._received[: end + 4]
            if not self.answered.done():  # nobody may wait for it any more
                self.answered.set_result(None)
        return end >= 0

    def _read(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.send(payload, PONG)
        elif opcode == CLOSE:
            self.code, self.reason = int.from_bytes(payload[:2]), payload[2:].decode()
            self.send(payload[:2], CLOSE)
        elif opcode == TEXT:
            self._take(payload)


async def connect(port: int, user_id: str, token: str, take: Callable[[bytes], None]) -> WebSocket:
    """One whose handshake was answered (by 101, says `status`). Raises OSError and TimeoutError."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_connection(lambda: WebSocket(take), "127.0.0.1", port)
    key = base64.b64encode(os.urandom(16)).decode()
    transport.write(
        f"GET /ws?user_id={user_id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    try:
        await asyncio.wait_for(made.answered, OPEN_SECONDS)
    except BaseException:
        transport.abort()
        raise
    return made
