"""Writes to the sockets of a worker's streams. All are in one epoll: an idle stream is a descriptor and an
object.

A stream is its object and not its number: descriptors are reused.
"""

import logging
import os
import select
from collections.abc import Callable
from contextlib import suppress
from socket import SHUT_WR
from time import monotonic

import gevent

from app.realtime.net.epoll import Epoll
from app.realtime.net.takeover import shut_down
from app.realtime.streams import sse
from app.realtime.streams.cohort import Cohort
from app.realtime.streams.topic import FINISHED, Subscriber

log = logging.getLogger(__name__)

INPUT_BYTES = 65536
CLOSING_SECONDS = 2.0
ANSWER_SECONDS = 30.0
LISTEN = select.EPOLLIN | select.EPOLLRDHUP
GONE_AWAY = -1
GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


def closing_seconds(subscriber: Subscriber) -> float:
    """How long a reader has to take what is left: the rest of an answer, or the reason of its end."""
    return ANSWER_SECONDS if subscriber.reason == FINISHED else CLOSING_SECONDS


class EpollWriter:
    """The sink of every subscriber whose socket was taken over. `on_end` is called once for each."""

    def __init__(self, on_end: Callable[[Subscriber], None]) -> None:
        self._on_end = on_end
        self._epoll = Epoll(self._attend)
        self._streams: dict[int, Subscriber] = {}
        self._waiting: set[Subscriber] = set()
        self._closing: dict[Subscriber, float] = {}
        self._input: dict[Subscriber, int] = {}
        self._ended: list[Subscriber] = []

    def __len__(self) -> int:
        return len(self._streams)

    def start(self) -> None:
        self._epoll.start()

    def stop(self) -> None:
        self._epoll.stop()
        for subscriber in list(self._streams.values()):
            self.drop(subscriber)
        self._epoll.close()

    @property
    def is_alive(self) -> bool:
        return self._epoll.is_alive

    # Attaching and dropping

    def attach(self, subscriber: Subscriber, fd: int, is_chunked: bool) -> None:
        """Takes the socket `fd` over; what the subscriber has unsent goes out first."""
        os.set_blocking(fd, False)
        self._epoll.register(fd, LISTEN)
        self._streams[fd] = subscriber
        frames = list(subscriber.take())
        subscriber.sent -= sum(map(len, frames))
        subscriber.fd, subscriber.is_chunked, subscriber.sink = fd, is_chunked, self
        for frame in frames:
            subscriber.keep(sse.chunk(frame) if is_chunked else frame)
        if is_chunked and subscriber.reason is not None:
            subscriber.keep(sse.LAST_CHUNK)
        self.wake(subscriber)
        subscriber.topic.join_cohort(subscriber)

    def drop(self, subscriber: Subscriber) -> None:
        """Closes the socket at once; harmless when repeated."""
        fd = subscriber.fd
        if self._streams.get(fd) is not subscriber:
            return
        del self._streams[fd]
        self._waiting.discard(subscriber)
        self._closing.pop(subscriber, None)
        self._input.pop(subscriber, None)
        subscriber.discard()
        with suppress(OSError):
            os.close(fd)
        self._ended.append(subscriber)
        if len(self._ended) == 1:
            gevent.spawn(self._report)

    def _report(self) -> None:
        """Runs outside any loop over sockets, because the callback may log or yield."""
        ended, self._ended = self._ended, []
        for subscriber in ended:
            self._on_end(subscriber)

    def tick(self) -> None:
        """Drops readers that did not take the reason of their end in time."""
        now = monotonic()
        for subscriber in [s for s, until in self._closing.items() if until < now]:
            self.drop(subscriber)

    # Writing

    def write(self, cohort: Cohort[Subscriber], start: int, stop: int, frame: bytes) -> None:
        """Writes a frame to the members of a cohort from index `start` to `stop`.

        The inner loop of the hub: each statement here runs once for each delivery.
        """
        write, size, place = os.write, len(frame), start
        for fd in cohort.fds[start:stop]:
            try:
                sent = write(fd, frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                sent = GONE_AWAY
            if sent != size:
                cohort.done = place + 1
                self._drop_from_cohort(cohort.members[place], frame, sent)
            place += 1

    def _drop_from_cohort(self, subscriber: Subscriber | None, frame: bytes, sent: int) -> None:
        """The member had left before, its reader is gone, or its socket did not take the whole frame."""
        if subscriber is None:
            return
        if sent == GONE_AWAY:
            self.drop(subscriber)
            return
        subscriber.leave_cohort()
        subscriber.keep(frame, sent)
        subscriber.sent += sent
        self._wait_for_room(subscriber)

    def wake(self, subscriber: Subscriber) -> None:
        if subscriber.reason is not None:
            self._closing.setdefault(subscriber, monotonic() + closing_seconds(subscriber))
        if subscriber not in self._waiting:
            self._flush(subscriber)

    def _flush(self, subscriber: Subscriber) -> None:
        """Writes what is unsent until it is gone or the socket takes no more."""
        try:
            while (buffer := subscriber.send_buffer) is not None:
                subscriber.advance(os.writev(subscriber.fd, buffer.first()))
        except BlockingIOError:
            self._wait_for_room(subscriber)
            return
        except OSError:
            self.drop(subscriber)
            return
        if subscriber in self._waiting:
            self._waiting.discard(subscriber)
            self._epoll.modify(subscriber.fd, LISTEN)
        if subscriber.reason is not None:
            self._finish(subscriber)

    def _wait_for_room(self, subscriber: Subscriber) -> None:
        if subscriber not in self._waiting:
            subscriber.leave_cohort()
            self._waiting.add(subscriber)
            self._epoll.modify(subscriber.fd, LISTEN | select.EPOLLOUT)

    def _finish(self, subscriber: Subscriber) -> None:
        """All was sent: says so, and waits for the reader's own end. Closing now, with input unread,
        would make the kernel answer with a reset that can overtake the last bytes."""
        self._closing[subscriber] = min(self._closing[subscriber], monotonic() + CLOSING_SECONDS)
        shut_down(subscriber.fd, SHUT_WR)

    # Listening

    def _attend(self, fd: int, events: int) -> None:
        subscriber = self._streams.get(fd)
        if subscriber is None:
            return
        try:
            if events & select.EPOLLIN:
                self._discard_input(subscriber)
            if events & GONE:
                self.drop(subscriber)
            elif events & select.EPOLLOUT and subscriber.fd == fd:
                self._flush(subscriber)
        except Exception:  # a defect in one stream must not stop the others
            log.exception("a stream failed")
            self.drop(subscriber)

    def _discard_input(self, subscriber: Subscriber) -> None:
        """A reader has nothing to send; one that goes on sending is dropped."""
        try:
            size = len(os.read(subscriber.fd, INPUT_BYTES))
        except BlockingIOError:
            return
        except OSError:
            size = 0
        total = self._input[subscriber] = self._input.get(subscriber, 0) + size
        if not size or (total > INPUT_BYTES and subscriber.reason is None):
            self.drop(subscriber)
