"""One client socket that can be told to stop reading: the lower half of `EventSource`."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

import gevent.socket
from gevent.event import Event
from gevent.ssl import SSLContext


class Transport:
    """A socket of gevent's, whether or not the tests are monkey-patched; used again for each connection."""

    def __init__(self, receive_buffer: int | None = None) -> None:
        self._receive_buffer = receive_buffer
        self._socket: gevent.socket.socket | None = None
        self._may_read = Event()
        self._may_read.set()

    def connect(self, host: str, port: int, timeout: float = 5.0, tls: SSLContext | None = None) -> None:
        self.close()
        made = gevent.socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        self._socket = made
        if self._receive_buffer is not None:
            # Before connect: the window offered in the handshake follows from it.
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        made.settimeout(timeout)
        made.connect((host, port))
        if tls is not None:
            self._socket = made = tls.wrap_socket(made, server_hostname=host)
        made.settimeout(None)

    @property
    def local_port(self) -> int:
        try:
            return int(self._socket.getsockname()[1]) if self._socket is not None else 0
        except OSError:
            return 0

    def send(self, data: bytes) -> None:
        assert self._socket is not None
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """What is there, b"" at the end; nothing is taken from the kernel while reading is stopped."""
        assert self._socket is not None
        gevent.socket.wait_read(self._socket.fileno())
        self._may_read.wait()
        return bytes(self._socket.recv(65536))

    def stop_reading(self) -> None:
        self._may_read.clear()

    def resume_reading(self) -> None:
        self._may_read.set()

    def shutdown(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it may be gone already, which is what was asked for
                self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End by RST, as a client does that crashed: nothing unsent is delivered."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        made, self._socket = self._socket, None
        if made is not None:
            made.close()
