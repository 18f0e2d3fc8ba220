"""The response body of a stream: how bytes reach a reader, and how a reader that left or is slow is noticed.

A stream starts as an ordinary WSGI response body, a generator that writes at the reader's pace: head, first
cursor or replay. Then, where the server allows it (net/takeover.py), its socket goes to the epoll writer and
the request ends; elsewhere the generator goes on, in a greenlet of its own.
"""

import errno
import os
import random
from collections.abc import Callable, Iterator
from time import monotonic

from gevent.event import Event

from app.realtime.net.takeover import RequestSocket
from app.realtime.streams import sse
from app.realtime.streams.epoll_writer import EpollWriter, closing_seconds
from app.realtime.streams.replay import Ended
from app.realtime.streams.topic import Subscriber

WATCH_SECONDS = 0.5
RETRY_MILLISECONDS = 3000

OnEnd = Callable[[Subscriber], None]


def retry_milliseconds() -> int:
    """3 s ± 50 %: clients of a worker that died do not come back all at once."""
    return int(RETRY_MILLISECONDS * random.uniform(0.5, 1.5))


def refusal(reason: str) -> list[bytes]:
    """A whole stream that only tells the client to come back after 10 to 30 seconds: any status but 200 would
    stop an EventSource for good (WHATWG HTML, 9.2.3)."""
    return [sse.opening(random.randint(10_000, 30_000)), sse.closed(reason)]


class StreamWriter:
    """The streams of a worker, written by epoll or by generators. `on_end` is called once for each."""

    def __init__(self, on_end: OnEnd, hands_over: bool = True) -> None:
        self.epoll_writer = EpollWriter(on_end)
        self.on_end = on_end
        self._hands_over = hands_over
        self.closing: dict[StreamBody, float] = {}

    def body(
        self, subscriber: Subscriber, joining: Iterator[bytes], request_socket: RequestSocket
    ) -> "StreamBody":
        """The response body of a stream; the server must close it (PEP 3333)."""
        epoll_writer = self.epoll_writer if self._hands_over and request_socket.can_be_taken else None
        return StreamBody(self, subscriber, joining, request_socket, epoll_writer)

    def tick(self) -> None:
        """Drops readers that did not take the reason of their end in time."""
        self.epoll_writer.tick()
        now = monotonic()
        for body in [body for body, until in self.closing.items() if until < now]:
            del self.closing[body]
            body.shut()


class StreamBody:
    """The generator, and the `Sink` of its subscriber until that is handed over."""

    def __init__(
        self,
        writer: StreamWriter,
        subscriber: Subscriber,
        joining: Iterator[bytes],
        request_socket: RequestSocket,
        epoll_writer: EpollWriter | None,
    ) -> None:
        self._writer = writer
        self._subscriber = subscriber
        self._joining = joining
        self._request_socket = request_socket
        self._epoll_writer = epoll_writer
        self._is_handed_over = False
        self._woken = Event()
        subscriber.sink = self

    def __iter__(self) -> Iterator[bytes]:
        if self._epoll_writer is not None:
            self._request_socket.announce()
        opening = sse.opening(retry_milliseconds())
        try:
            for block in self._joining:
                # The head leaves with the first block: a stream that looks open has its position fixed.
                yield opening + block
                self._subscriber.sent += len(opening) + len(block)
                opening = b""
                if not block and self._request_socket.is_gone():
                    return
        except Ended:
            pass
        if opening:
            yield opening
        if self._epoll_writer is not None:
            self._hand_over(self._epoll_writer)
        yield from self._live()

    def _hand_over(self, epoll_writer: EpollWriter) -> None:
        """Never returns: gunicorn takes this error as "the client left", writes nothing and closes nothing,
        for the socket it holds is empty by now."""
        fd, is_chunked = self._request_socket.take()
        try:
            epoll_writer.attach(self._subscriber, fd, is_chunked)
        except OSError:
            os.close(fd)
            raise
        self._is_handed_over = True
        raise OSError(errno.EPIPE, "the stream was handed over")

    def _live(self) -> Iterator[bytes]:
        subscriber = self._subscriber
        while True:
            self._woken.clear()
            yield from subscriber.take()
            if subscriber.reason is not None and subscriber.send_buffer is None:
                return
            if not self._woken.wait(WATCH_SECONDS) and self._request_socket.is_gone():
                return

    def wake(self, subscriber: Subscriber) -> None:
        self._woken.set()
        if subscriber.reason is not None:
            self._writer.closing.setdefault(self, monotonic() + closing_seconds(subscriber))

    def shut(self) -> None:
        self._request_socket.shut()

    def close(self) -> None:
        """The end of the request, whatever led to it."""
        self._writer.closing.pop(self, None)
        if not self._is_handed_over:
            self._subscriber.discard()
            self._writer.on_end(self._subscriber)
