"""The drain of a gunicorn worker: its streams end at once, with a reason, and not at the end of the grace
period.

SIGTERM reaches the worker as its `handle_exit`. A worker that ends for another reason (`max_requests`) passes
only the hook `worker_exit`. Both drain the engine; draining twice is harmless.
"""

import signal
import socket
from types import FrameType
from typing import Any
from weakref import WeakSet

import gevent

from app.realtime.engine import Engine
from app.realtime.net.takeover import shut_down
from server.generations import WorkerGeneration

CLOSING_SECONDS = 0.5


class IdleConnections:
    """Kept-alive connections between two requests. At the end gunicorn would wait for each of them."""

    def __init__(self) -> None:
        self._sockets: WeakSet[Any] = WeakSet()
        self._is_over = False

    def mark_busy(self, sock: Any) -> None:
        self._sockets.discard(sock)

    def mark_idle(self, sock: Any) -> None:
        self._sockets.add(sock)
        if self._is_over:
            self.end()

    def end(self) -> None:
        """gunicorn, which waits for the next request on them, reads the end of the connection."""
        self._is_over = True
        for sock in list(self._sockets):
            shut_down(sock.fileno(), socket.SHUT_RD)


def drain_on_signal(
    engine: Engine, connections: IdleConnections, generation: WorkerGeneration, worker: Any
) -> None:
    """Called in the worker after gunicorn's signal handlers are in place."""
    handle_exit = worker.handle_exit
    is_leaving = False

    def leave(number: int, frame: FrameType | None) -> None:
        generation.wait_for_next()
        gevent.spawn(engine.drain)
        # From here on gunicorn's answers say `Connection: close`, which the clients that have a request under
        # way read. The connections that stay idle are closed a moment later.
        handle_exit(number, frame)
        gevent.spawn_later(CLOSING_SECONDS, connections.end)

    def handle(number: int, frame: FrameType | None) -> None:
        # A signal handler may not block; the greenlet runs in the next turn of the loop.
        nonlocal is_leaving
        if not is_leaving:  # gunicorn repeats the signal
            is_leaving = True
            gevent.spawn(leave, number, frame)

    signal.signal(signal.SIGTERM, handle)
