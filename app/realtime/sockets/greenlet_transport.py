"""The transport of a WebSocket whose socket stays with its server (TLS ended here, another server): two
greenlets. The request's own greenlet reads, another one writes; all else is as on the epoll transport."""

from contextlib import suppress
from socket import SHUT_RDWR, SHUT_WR
from typing import Any

import gevent
from gevent.event import Event

from app.realtime.net.send_buffer import OnWritten, SendBuffer
from app.realtime.sockets.connection import Connection

READ_BYTES = 65536
GONE = (OSError, ValueError)  # ValueError: TLS was ended by either side


class GreenletTransport:
    """Carries one connection."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._may_read = Event()
        self._may_read.set()
        self._must_write = Event()

    def carry(self, connection: Connection) -> None:
        """Returns when the connection is over."""
        writer = gevent.spawn(self._write_all, connection)
        try:
            self._may_read.wait()
            while data := self._socket.recv(READ_BYTES):
                connection.feed(data)
                self._may_read.wait()
        except GONE:
            pass
        finally:
            connection.lost()
            writer.kill()

    def _write_all(self, connection: Connection) -> None:
        try:
            while True:
                while buffer := connection.send_buffer:
                    buffer.advance(self._socket.send(buffer.begin()))
                    if not buffer.size and connection.send_buffer is buffer:
                        connection.send_buffer = None
                if connection.is_done:
                    self._socket.shutdown(SHUT_WR)
                    return
                self._must_write.wait()
                self._must_write.clear()
        except GONE:
            self.drop(connection)

    def write(self, connection: Connection, frame: bytes, on_written: OnWritten | None) -> None:
        connection.send_buffer = SendBuffer()
        connection.send_buffer.add(frame, on_written)
        self._must_write.set()

    def flush(self, connection: Connection) -> None:
        self._must_write.set()

    def update_interest(self, connection: Connection) -> None:
        if connection.is_paused:
            self._may_read.clear()
        else:
            self._may_read.set()

    def drop(self, connection: Connection) -> None:
        """The reading greenlet, which this wakes, ends the connection."""
        self._may_read.set()
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
