"""A WebSocket whose socket its server keeps (TLS ended here, another server): two greenlets carry it.

The request's own greenlet reads, another one writes. Everything else is as on the poller.
"""

from contextlib import suppress
from socket import SHUT_RDWR, SHUT_WR
from typing import Any

import gevent
from gevent.event import Event

from app.realtime.backlog import Backlog, OnWritten
from app.realtime.connection import Connection

READ_BYTES = 65536
GONE = (OSError, ValueError)  # ValueError: TLS was ended by either side


class GreenletWire:
    """Of one connection."""

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
            connection.gone()
            writer.kill()

    def _write_all(self, connection: Connection) -> None:
        try:
            while True:
                while backlog := connection.backlog:
                    backlog.advance(self._socket.send(backlog.first()[0]))
                    if not backlog.size and connection.backlog is backlog:
                        connection.backlog = None
                if connection.is_done:
                    self._socket.shutdown(SHUT_WR)
                    return
                self._must_write.wait()
                self._must_write.clear()
        except GONE:
            self.drop(connection)

    def write(self, connection: Connection, frame: bytes, on_written: OnWritten | None) -> None:
        connection.backlog = Backlog()
        connection.backlog.add(frame, on_written)
        self._must_write.set()

    def flush(self, connection: Connection) -> None:
        self._must_write.set()

    def heed(self, connection: Connection) -> None:
        if connection.is_paused:
            self._may_read.clear()
        else:
            self._may_read.set()

    def drop(self, connection: Connection) -> None:
        """The reading greenlet, woken by this, ends it."""
        self._may_read.set()
        with suppress(OSError):
            self._socket.shutdown(SHUT_RDWR)
