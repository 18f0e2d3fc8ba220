"""Reading an answer of an untrusted server: bounded, and yielding to other greenlets.

http.client bounds neither the answers before the final one (100 Continue) nor trailers, and reads a chunk of
-1 bytes to the end of the connection. A server that sends faster than the hub reads never makes the greenlet
wait, so no timeout of gevent's would end it and the whole worker would stop. Both are solved here, on the raw
bytes.
"""

import http.client
import io
import socket
from typing import Any

import gevent

from app.tasks.failures import TaskFailure

# Of an answer with its heads, chunk lines and trailers: enough for the largest image in small chunks.
MOST_BYTES = 20 * 1024 * 1024
TURN_SECONDS = 1e-6  # not 0: with that the loop may skip its timers for a while


class Response(http.client.HTTPResponse):
    """An answer that raises TaskFailure once it is longer than `MOST_BYTES`."""

    def __init__(self, sock: socket.socket, *arguments: Any, **options: Any) -> None:
        super().__init__(sock, *arguments, **options)
        self.fp = io.BufferedReader(_Incoming(self.fp.detach()))


class _Incoming(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw, self._left = raw, MOST_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        gevent.sleep(TURN_SECONDS)
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise TaskFailure("The image's host sent far more than an image")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
