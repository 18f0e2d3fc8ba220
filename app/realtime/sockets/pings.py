"""Pings to every WebSocket, and an end to those whose peer has vanished: a wheel, and no timer each."""

from collections import defaultdict
from time import monotonic

import gevent

from app.realtime.sockets.connection import Connection

PAUSE_EVERY = 250


class Pings:
    """A ping every `ping_seconds`; a peer that then is silent for `pong_seconds` is given up. Whatever it
    sends is a sign of life. The first ones come a little early, so that they do not all fall due at once."""

    def __init__(self, ping_seconds: int, pong_seconds: int) -> None:
        self._ping_seconds = ping_seconds
        self._pong_seconds = pong_seconds
        self._wheel: defaultdict[int, set[Connection]] = defaultdict(set)
        self._next = int(monotonic()) + 1
        self._count = 0

    def add(self, connection: Connection) -> None:
        self._count += 1
        spread = (self._count % 8) / 8 * self._ping_seconds * 0.2
        self._put(connection, monotonic() + self._ping_seconds - spread)

    def remove(self, connection: Connection) -> None:
        due = self._wheel.get(connection.ping_at)
        if due is not None:
            due.discard(connection)

    def tick(self) -> None:
        while self._next <= monotonic():
            due = self._wheel.pop(self._next, set())
            self._next += 1
            for count, connection in enumerate(list(due)):
                if connection.is_open:
                    self._visit(connection)
                if count % PAUSE_EVERY == PAUSE_EVERY - 1:
                    gevent.sleep(1e-6)

    def _visit(self, connection: Connection) -> None:
        now = monotonic()
        if not connection.pinged_at:
            connection.ping()
            self._put(connection, now + self._pong_seconds)
        elif connection.heard_at >= connection.pinged_at or connection.is_paused:
            self._put(connection, connection.pinged_at + self._ping_seconds)
            connection.pinged_at = 0.0
        else:
            connection.close(1008, "ping timeout")

    def _put(self, connection: Connection, at: float) -> None:
        if connection.is_open:
            connection.ping_at = max(self._next, int(at))
            self._wheel[connection.ping_at].add(connection)
