"""An event stream for asyncio: one protocol object, no task, nothing kept but the cursor."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Self, cast

from benchmarks.harness.http import request
from benchmarks.soak.client import headers
from tests.support.http1 import ResponseReader
from tests.support.sse import Decoder, ServerEvent

OPEN_SECONDS = 45.0
SMALL_BUFFER = 4096
NO_LINGER = struct.pack("ii", 1, 0)

Take = Callable[[str, str], None]
"""Is called with the name and data of each event; the cursor counts from then on."""


class Stream(asyncio.Protocol):
    """`ended` is set when the connection is gone, `reason` says what the hub said of it, if it did."""

    def __init__(self, take: Take, cursor: str = "") -> None:
        self.status = 0
        self.reason = ""
        self.ended = asyncio.Event()
        self.is_live = asyncio.get_running_loop().create_future()
        self._take = take
        self._transport: asyncio.Transport | None = None
        self._response = ResponseReader()
        self._decoder = Decoder(cursor)

    @property
    def cursor(self) -> str:
        return self._decoder.last_event_id

    # What its owner does

    async def begun(self) -> Self:
        """When its first bytes have come, or it has ended. Raises TimeoutError; then the connection is ended,
        also when the caller is cancelled."""
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
        body = self._response.feed(data)
        if not self.status and not self._is_answered():
            return
        if self.status == 200:
            for event in self._decoder.feed(body):
                self._read(event)
            self._decoder.comments.clear()
            if body and not self.is_live.done():
                self.is_live.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended.set()
        if not self.is_live.done():
            self.is_live.set_result(None)

    def _is_answered(self) -> bool:
        self.status = self._response.status or 0
        if self.status not in (0, 200):
            self.leave()
        return bool(self.status)

    def _read(self, event: ServerEvent) -> None:
        if event.name == "stream.closed":
            self.reason = event.data.partition('"reason":')[2].strip(' "}')
        self._take(event.name, event.data)


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
