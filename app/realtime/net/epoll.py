"""One epoll per kind of connection, and the greenlet that waits for it (itself one descriptor in gevent's
loop). Level-triggered: an event that is not dealt with is reported again."""

import select
from collections.abc import Callable
from typing import Any

import gevent
from gevent import get_hub, monkey

EVENTS_PER_TURN = 512

_epoll: Callable[[], Any] = monkey.get_original("select", "epoll")


class Epoll:
    """`attend(fd, events)` must neither raise nor block: the other connections wait for it."""

    def __init__(self, attend: Callable[[int, int], None]) -> None:
        self._attend = attend
        self._epoll: Any = None  # made in the worker: one made before a fork would be shared
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._epoll = _epoll()
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def close(self) -> None:
        if self._epoll is not None:
            self._epoll.close()

    @property
    def is_alive(self) -> bool:
        return self._greenlet is not None and not self._greenlet.dead

    def register(self, fd: int, events: int) -> None:
        """Closing the descriptor is the undo."""
        self._epoll.register(fd, events)

    def modify(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def _work(self) -> None:
        hub = get_hub()
        watcher = hub.loop.io(self._epoll.fileno(), 1)
        try:
            while True:
                hub.wait(watcher)
                for fd, events in self._epoll.poll(0, EVENTS_PER_TURN):
                    self._attend(fd, events)
        finally:
            watcher.close()


READABLE, WRITABLE = select.EPOLLIN, select.EPOLLOUT
BROKEN = select.EPOLLHUP | select.EPOLLERR
