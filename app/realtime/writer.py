"""How bytes reach a reader, and how one that left or does not read is noticed. Nobody else knows.

A stream is an ordinary WSGI response body: a generator that writes at the reader's pace, waits for
blocks, and ends. Where the server shows its socket (`gunicorn.socket`, `werkzeug.socket`), a reader that
left is noticed within half a second, and one that does not take its last bytes is cut.
"""

import random
import select
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

from gevent import monkey
from gevent.event import Event

from app.realtime import sse
from app.realtime.joining import Ended
from app.realtime.subscriber import Subscriber

WATCH_SECONDS = 0.5
FAREWELL_SECONDS = 2.0
RETRY_MILLISECONDS = 3000

_poll: Callable[[], Any] = monkey.get_original("select", "poll")


def retry_milliseconds() -> int:
    """3 s ± 50 %: clients of a worker that died do not come back all at once."""
    return int(RETRY_MILLISECONDS * random.uniform(0.5, 1.5))


class Writer:
    """The streams of a worker that were told their end, and by when they must have taken it."""

    def __init__(self) -> None:
        self._closing: dict[Subscriber, float] = {}

    def body(
        self,
        subscriber: Subscriber,
        joining: Iterator[bytes],
        environ: dict[str, Any],
        on_end: Callable[[Subscriber], None],
    ) -> "StreamBody":
        """The response body of a stream; `on_end` is called once, however the stream ends."""
        sock = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        return StreamBody(self, subscriber, joining, sock, on_end)

    def is_closing(self, subscriber: Subscriber) -> None:
        self._closing.setdefault(subscriber, monotonic() + FAREWELL_SECONDS)

    def is_closed(self, subscriber: Subscriber) -> None:
        self._closing.pop(subscriber, None)

    def tick(self) -> None:
        """Gives up on readers that did not take the reason of their end in time."""
        now = monotonic()
        for subscriber in [s for s, until in self._closing.items() if until < now]:
            self._closing.pop(subscriber, None)
            if subscriber.sink is not None:
                subscriber.sink.abort()


class StreamBody:
    """Iterated and closed by the WSGI server (PEP 3333). It is the `Sink` of its subscriber."""

    def __init__(
        self,
        writer: Writer,
        subscriber: Subscriber,
        joining: Iterator[bytes],
        sock: socket.socket | None,
        on_end: Callable[[Subscriber], None],
    ) -> None:
        self._writer = writer
        self._subscriber = subscriber
        self._joining = joining
        self._socket = sock
        self._woken = Event()
        self._on_end = on_end
        subscriber.sink = self

    def __iter__(self) -> Iterator[bytes]:
        yield sse.opening(retry_milliseconds())
        try:
            for block in self._joining:
                yield block
                self._subscriber.sent += len(block)
        except Ended:
            pass
        yield from self._live()

    def _live(self) -> Iterator[bytes]:
        subscriber = self._subscriber
        while True:
            self._woken.clear()
            yield from subscriber.take()
            if subscriber.reason is not None and not subscriber.blocks:
                return
            if not self._woken.wait(WATCH_SECONDS) and self._is_gone():
                return

    def _is_gone(self) -> bool:
        """Whether the peer hung up or closed its half (as nginx does, a half-close counts as gone)."""
        if self._socket is None:
            return False
        poll = _poll()
        poll.register(self._socket.fileno(), select.POLLRDHUP)
        return bool(poll.poll(0))

    def wake(self) -> None:
        self._woken.set()
        if self._subscriber.reason is not None:
            self._writer.is_closing(self._subscriber)

    def abort(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it may be gone already
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The end, whatever led to it."""
        self._writer.is_closed(self._subscriber)
        self._on_end(self._subscriber)


def refusal(reason: str) -> list[bytes]:
    """A whole stream that only sends the client away for 10 to 30 seconds (any status but 200 would stop
    an EventSource for good: WHATWG HTML, 9.2.3)."""
    return [sse.opening(random.randint(10_000, 30_000)), sse.closed(reason)]
