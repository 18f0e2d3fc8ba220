"""What a server that nobody trusts sends, bounded and taken in turns.

http.client bounds neither what comes before an answer (100 Continue) nor its trailers, and reads all there is
of a chunk that claims to have -1 bytes. Whoever sends faster than that is read never lets the greenlet wait:
no timeout of gevent's would end it, and the whole worker would stand still. So both are seen to here, where
bytes come in.
"""

import http.client
import io
import socket
from typing import Any

import gevent

from app.tasks.failures import TaskFailure

# Of an answer with its head and all around it: enough for the largest image in small chunks.
MOST_BYTES = 20 * 1024 * 1024
TURN_SECONDS = 1e-6  # not 0, with which the loop may go on for a while without looking at its timers


class Response(http.client.HTTPResponse):
    """An answer that raises TaskFailure where it has no end."""

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
