"""The WebSocket client of the tests (tests/support/websocket.py) for asyncio."""

import asyncio
from collections.abc import Callable
from typing import cast

from benchmarks.soak.stream import reset
from tests.support.websocket import CLOSE, NO_MASKING, PING, PONG, TEXT, FrameReader, frame, handshake

OPEN_SECONDS = 45.0
GOING_AWAY = (1001).to_bytes(2)


class SoakSocket(asyncio.Protocol):
    """`take` is called with each text. `code` and `reason` are those of the server's close frame."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self.code, self.reason = 0, ""
        self.status = 0
        self.ended = asyncio.Event()
        self.answered = asyncio.get_running_loop().create_future()
        self._take = take
        self._received = FrameReader()
        self._transport: asyncio.Transport | None = None

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.write(frame(opcode, payload, key=NO_MASKING))

    def leave(self) -> None:
        """By the closing handshake; the server ends the connection."""
        self.send(GOING_AWAY, CLOSE)

    def disconnect(self) -> None:
        if self._transport is not None:
            reset(self._transport)

    def fall_silent(self) -> None:
        """Stops reading, so that pings stay unanswered."""
        if self._transport is not None and not self.ended.is_set():
            self._transport.pause_reading()

    def listen_again(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._received.feed(data)
        if not self.status and not self._read_head():
            return
        while (found := self._received.take()) is not None:
            self._read(*found)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        if not self.answered.done():
            self.answered.set_result(None)

    def _read_head(self) -> bool:
        if not (head := self._received.take_head()):
            return False
        self.status = int(head[9:12])
        if not self.answered.done():  # it may have been cancelled
            self.answered.set_result(None)
        return True

    def _read(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self.send(payload, PONG)
        elif opcode == CLOSE:
            self.code, self.reason = int.from_bytes(payload[:2]), payload[2:].decode()
            self.send(payload[:2], CLOSE)
        elif opcode == TEXT:
            self._take(payload)


async def connect(port: int, user_id: str, token: str, take: Callable[[bytes], None]) -> SoakSocket:
    """One whose handshake was answered (by 101, says `status`). Raises OSError and TimeoutError."""
    loop = asyncio.get_running_loop()
    transport, made = await loop.create_connection(lambda: SoakSocket(take), "127.0.0.1", port)
    transport.write(handshake(f"/ws?user_id={user_id}", Authorization=f"Bearer {token}"))
    try:
        await asyncio.wait_for(made.answered, OPEN_SECONDS)
    except BaseException:
        transport.abort()
        raise
    return made
