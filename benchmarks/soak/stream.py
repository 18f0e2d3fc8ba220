"""An event stream as cheap as asyncio allows: one protocol object, no task, nothing kept but the cursor."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Self, cast

from benchmarks.harness.http import request
from benchmarks.soak.client import headers

OPEN_SECONDS = 45.0
SMALL_BUFFER = 4096
NO_LINGER = struct.pack("ii", 1, 0)

Take = Callable[[str, bytes], None]
"""Is called with the name and data of each event; the cursor counts from then on."""


class Stream(asyncio.Protocol):
    """`ended` is set when the connection is gone, `reason` says what the hub said of it, if it did."""

    def __init__(self, take: Take, cursor: str = "") -> None:
        self.cursor = cursor
        self.status = 0
        self.reason = ""
        self.ended = asyncio.Event()
        self.is_live = asyncio.get_running_loop().create_future()
        self._take = take
        self._transport: asyncio.Transport | None = None
        self._raw = b""
        self._text = b""

    # What its owner does

    async def begun(self) -> Self:
        """When its first block has come, or it has ended. Raises TimeoutError; then it ends, as it does when
        whoever waits is cancelled."""
        try:
            await asyncio.wait_for(self.is_live, OPEN_SECONDS)
        except BaseException:
            self.disconnect()
            raise
        return self

    def leave(self) -> None:
        """With FIN, as a page that is closed."""
        if self._transport is not None:
            self._transport.close()

    def disconnect(self) -> None:
        """With RST, as a machine that crashes and comes back."""
        if self._transport is not None:
            reset(self._transport)

    def stall(self) -> None:
        if self._transport is not None and not self.ended.is_set():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._raw += data
        if not self.status and not self._read_head():
            return
        if self.status == 200:
            self._read_chunks()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        if not self.is_live.done():
            self.is_live.set_result(None)

    def _read_head(self) -> bool:
        head, found, rest = self._raw.partition(b"\r\n\r\n")
        if found:
            self.status, self._raw = int(head[9:12]), rest
            if self.status != 200:
                self.leave()
        return bool(found)

    def _read_chunks(self) -> None:
        raw, at = self._raw, 0
        while (line := raw.find(b"\r\n", at)) >= 0:
            size = int(raw[at:line], 16)
            if len(raw) < line + size + 4:
                break
            self._text += raw[line + 2 : line + 2 + size]
            at = line + size + 4
        if at:
            self._raw = raw[at:]
            *blocks, self._text = self._text.split(b"\n\n")
            for block in blocks:
                self._read_block(block)

    def _read_block(self, block: bytes) -> None:
        if not self.is_live.done():
            self.is_live.set_result(None)
        name, data = "message", []
        for line in block.split(b"\n"):
            field, _, value = line.partition(b": ")
            if field == b"data":
                data.append(value)
            elif field == b"id":
                self.cursor = value.decode()
            elif field == b"event":
                name = value.decode()
        if name == "stream.closed":
            self.reason = data[0].decode().partition('"reason":')[2].strip(' "}')
        if data:
            self._take(name, b"\n".join(data))


async def open_stream(
    port: int, path: str, take: Take, *, token: str = "", cursor: str = "", is_slow: bool = False
) -> Stream:
    """A stream whose request was sent; see `begun`. Raises OSError."""
    fields = {**headers(token), "Accept": "text/event-stream"}
    wire = request("GET", path, headers={**fields, "Last-Event-ID": cursor} if cursor else fields)
    loop = asyncio.get_running_loop()
    connection = socket.socket()
    connection.setblocking(False)
    if is_slow:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    try:
        await loop.sock_connect(connection, ("127.0.0.1", port))
    except BaseException:
        connection.close()
        raise
    transport, stream = await loop.create_connection(lambda: Stream(take, cursor), sock=connection)
    transport.write(wire)
    return stream


def reset(transport: asyncio.Transport) -> None:
    """Ends a connection by RST."""
    connection = transport.get_extra_info("socket")
    if connection is not None and not transport.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
