"""The transport of WebSockets whose sockets were taken over. All of a worker are in one epoll: an idle one is
a file descriptor and an object.

A connection is its object and not its number: descriptors are reused.
"""

import logging
import os
from contextlib import suppress
from socket import SHUT_WR

from app.realtime.net.epoll import BROKEN, READABLE, WRITABLE, Epoll
from app.realtime.net.send_buffer import OnWritten, SendBuffer, report
from app.realtime.net.takeover import shut_down
from app.realtime.sockets.connection import Connection

log = logging.getLogger(__name__)

READ_BYTES = 65536


class EpollTransport:
    """Carries every connection whose socket could be taken over from the server."""

    def __init__(self) -> None:
        self._epoll = Epoll(self._attend)
        self._connections: dict[int, Connection] = {}
        self._waiting: set[Connection] = set()

    def __len__(self) -> int:
        return len(self._connections)

    def start(self) -> None:
        self._epoll.start()

    def stop(self) -> None:
        self._epoll.stop()
        for connection in list(self._connections.values()):
            self.drop(connection)
        self._epoll.close()

    @property
    def is_alive(self) -> bool:
        return self._epoll.is_alive

    def attach(self, connection: Connection, fd: int) -> None:
        """Takes the socket `fd` over; raises OSError, and then it is still the caller's."""
        os.set_blocking(fd, False)
        self._epoll.register(fd, READABLE)
        self._connections[fd] = connection
        connection.fd = fd

    def drop(self, connection: Connection) -> None:
        fd = connection.fd
        if self._connections.get(fd) is not connection:
            return
        del self._connections[fd]
        self._waiting.discard(connection)
        connection.fd = -1
        with suppress(OSError):
            os.close(fd)
        connection.lost()

    # Writing

    def write(self, connection: Connection, frame: bytes, on_written: OnWritten | None) -> None:
        try:
            sent = os.write(connection.fd, frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            self.drop(connection)
            report(on_written, False)
            return
        if sent == len(frame):
            report(on_written, True)
            return
        connection.send_buffer = SendBuffer()
        connection.send_buffer.add(frame, on_written, sent)
        self._waiting.add(connection)
        self.update_interest(connection)

    def flush(self, connection: Connection) -> None:
        if connection.send_buffer is not None:
            self._send_buffered(connection, connection.send_buffer)
        if connection.send_buffer is None and connection.is_done:
            # Closing now, with input unread, would make the kernel answer with a reset that can overtake
            # the last bytes: the peer's own end is waited for.
            shut_down(connection.fd, SHUT_WR)

    def _send_buffered(self, connection: Connection, buffer: SendBuffer) -> None:
        try:
            while buffer.size:
                buffer.advance(os.writev(connection.fd, buffer.first()))
        except BlockingIOError:
            return
        except OSError:
            self.drop(connection)
            return
        if connection.send_buffer is buffer:
            connection.send_buffer = None
            self._waiting.discard(connection)
            self.update_interest(connection)

    def update_interest(self, connection: Connection) -> None:
        if connection.fd >= 0:
            events = 0 if connection.is_paused else READABLE
            self._epoll.modify(connection.fd, events | (WRITABLE if connection in self._waiting else 0))

    # Listening

    def _attend(self, fd: int, events: int) -> None:
        connection = self._connections.get(fd)
        if connection is None:
            return
        try:
            if events & WRITABLE:
                self.flush(connection)
            if events & READABLE:
                self._read(connection)
            elif events & BROKEN:
                self.drop(connection)
        except Exception:  # a defect in one connection must not stop the others
            log.exception("a socket failed")
            self.drop(connection)

    def _read(self, connection: Connection) -> None:
        try:
            data = os.read(connection.fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            connection.feed(data)
        else:
            self.drop(connection)
