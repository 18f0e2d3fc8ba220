"""Streams whose events carry the time of sending inside a text, where `c/load.c` can't read it."""

import re
import selectors
import socket
import time
from collections.abc import Iterable
from threading import Thread
from types import TracebackType
from typing import Self

TIMEOUT_SECONDS = 20
_STAMP = re.compile(rb'"payload":"t=(\d+)"')


def stamp() -> str:
    """A payload that tells when it was made."""
    return f"t={time.monotonic_ns()}"


def stamps(tail: bytes, data: bytes) -> tuple[list[int], bytes]:
    """When the events that `data` completes were sent, and what is left of it for the next time."""
    text = tail + data
    whole = text.rfind(b"\n\n") + 2 if b"\n\n" in text else 0
    return [int(found) for found in _STAMP.findall(text[:whole])], text[whole:]


class Readers:
    """One stream for each request, read by a thread of their own; use it as a context.

    `milliseconds` is what each event took.
    """

    def __init__(self, port: int, wires: Iterable[bytes]) -> None:
        self.milliseconds: list[float] = []
        self._selector = selectors.DefaultSelector()
        self._is_over = False
        for wire in wires:
            stream = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
            stream.sendall(wire)
            while b"ping" not in stream.recv(65536):
                pass
            self._selector.register(stream, selectors.EVENT_READ, b"")
        self._thread = Thread(target=self._read, daemon=True)

    def wait(self, events: int) -> None:
        """Until that many events have come, at most TIMEOUT_SECONDS."""
        until = time.monotonic() + TIMEOUT_SECONDS
        while len(self.milliseconds) < events and time.monotonic() < until:
            time.sleep(0.01)

    def _read(self) -> None:
        while not self._is_over:
            for key, _ in self._selector.select(0.1):
                assert isinstance(key.fileobj, socket.socket)
                sent, tail = stamps(key.data, key.fileobj.recv(65536))
                now = time.monotonic_ns()
                self.milliseconds += [(now - moment) / 1e6 for moment in sent]
                self._selector.modify(key.fileobj, selectors.EVENT_READ, tail)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, socket.socket)
            key.fileobj.close()
        self._selector.close()
