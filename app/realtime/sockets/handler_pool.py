"""The handler pool: a few greenlets call the handlers of all sockets, those of one connection in order."""

import logging
from collections.abc import Callable
from time import monotonic

import gevent
from gevent.queue import SimpleQueue

from app.realtime.meters import Meters
from app.realtime.pacing import pause
from app.realtime.sockets.connection import Connection, SocketHandler

log = logging.getLogger(__name__)

GREENLETS = 32
MESSAGES_PER_TURN = 16
TURN_SECONDS = 0.004


class HandlerPool:
    """`on_end` is called for each connection after its handler was told of its end."""

    def __init__(self, meters: Meters, on_end: Callable[[Connection], None]) -> None:
        self._meters = meters
        self._on_end = on_end
        self._ready: SimpleQueue[Connection] = SimpleQueue()
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    def start(self) -> None:
        self._greenlets = [gevent.spawn(self._work) for _ in range(GREENLETS)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)

    @property
    def is_alive(self) -> bool:
        return bool(self._greenlets) and not any(greenlet.dead for greenlet in self._greenlets)

    def schedule(self, connection: Connection) -> None:
        """There is something to tell the handler."""
        if not connection.is_scheduled:
            connection.is_scheduled = True
            self._ready.put(connection)

    def _work(self) -> None:
        while True:
            self._serve(self._ready.get())
            until = monotonic() + TURN_SECONDS
            while not self._ready.empty():
                self._serve(self._ready.get())
                if monotonic() > until:
                    pause()
                    until = monotonic() + TURN_SECONDS

    def _serve(self, connection: Connection) -> None:
        """Some of what its handler does not know yet; then it is the others' turn."""
        for _ in range(MESSAGES_PER_TURN):
            if not self._tell_next(connection):
                connection.is_scheduled = False
                return
        self._ready.put(connection)

    def _tell_next(self, connection: Connection) -> bool:
        """False when there was nothing to tell."""
        handler = connection.handler
        if handler is None:
            return False
        try:
            if not connection.is_opened:
                connection.is_opened = True
                handler.opened(connection)
            elif (message := connection.take()) is not None:
                handler.received(connection, message)
            elif connection.code:
                connection.handler = None
                self._tell_end(connection, handler)
            elif connection.failure is not None:
                connection.fail(*connection.failure)
            else:
                return False
        except (Exception, gevent.Timeout):
            self._meters.message_errors += 1
            log.exception("the handler of a socket failed")
            connection.close(1011, "Internal server error")
        return True

    def _tell_end(self, connection: Connection, handler: SocketHandler) -> None:
        try:
            handler.closed(connection, connection.code, connection.reason)
        finally:
            self._on_end(connection)
