"""Stopping a gunicorn worker politely: streams are told at once, not when the time for it is over.

SIGTERM reaches the worker as its `handle_exit`; a worker that stops for another reason (`max_requests`)
passes `worker_exit`. Both call here; draining twice is harmless.
"""

import signal
import socket
from types import FrameType
from typing import Any
from weakref import WeakSet

import gevent

from app.realtime.engine import Engine
from app.realtime.net.takeover import shut_down
from server.graceful_reload import GracefulReload

CLOSING_SECONDS = 0.5


class IdleConnections:
    """Kept-alive connections between two requests. gunicorn would wait for each of them at the end."""

    def __init__(self) -> None:
        self._sockets: WeakSet[Any] = WeakSet()
        self._is_over = False

    def busy(self, sock: Any) -> None:
        self._sockets.discard(sock)

    def idle(self, sock: Any) -> None:
        self._sockets.add(sock)
        if self._is_over:
            self.end()

    def end(self) -> None:
        """Whoever waits for another request on them reads the end of the connection."""
        self._is_over = True
        for sock in list(self._sockets):
            shut_down(sock.fileno(), socket.SHUT_RD)


def drain_on_signal(
    engine: Engine, connections: IdleConnections, reload: GracefulReload, worker: Any
) -> None:
    """Called in the worker after its own signal handlers are in place."""
    handle_exit = worker.handle_exit
    is_leaving = False

    def leave(number: int, frame: FrameType | None) -> None:
        reload.wait()
        gevent.spawn(engine.drain)
        # From here on gunicorn's answers say `Connection: close`. Whoever has another request under way gets
        # to know that; the connections that are idle all the while are closed then.
        handle_exit(number, frame)
        gevent.spawn_later(CLOSING_SECONDS, connections.end)

    def handle(number: int, frame: FrameType | None) -> None:
        # A signal handler may not block; the greenlet runs in the next turn of the loop.
        nonlocal is_leaving
        if not is_leaving:  # gunicorn repeats itself
            is_leaving = True
            gevent.spawn(leave, number, frame)

    signal.signal(signal.SIGTERM, handle)
