"""Stopping a gunicorn worker politely: streams are told at once, not when the time for it is over.

SIGTERM reaches the worker as its `handle_exit`; a worker that stops for another reason (`max_requests`)
passes `worker_exit`. Both call here; draining twice is harmless.
"""

import signal
from types import FrameType
from typing import Any

import gevent

from app.realtime.engine import Engine


def drain_on_signal(engine: Engine, worker: Any) -> None:
    """Called in the worker after its own signal handlers are in place."""
    handle_exit = worker.handle_exit

    def handle(number: int, frame: FrameType | None) -> None:
        # A signal handler may not block; the greenlet runs in the next turn of the loop.
        gevent.spawn(engine.drain)
        handle_exit(number, frame)

    signal.signal(signal.SIGTERM, handle)
