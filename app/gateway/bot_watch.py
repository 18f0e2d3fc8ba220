"""Closes the sockets of bots that were disabled or got a new credential: within a second, without an order.

A change made from a shell reaches a hub without Redis through the database alone.
"""

from time import monotonic

import gevent

from app.gateway.bots import SUBJECT_PREFIX
from app.realtime.engine import Engine
from app.realtime.sockets.connection import Connection

CHECK_SECONDS = 0.25  # to which `PublicAccounts` adds its CACHE_SECONDS


class BotWatch:
    """Has the engine recheck each bot that is connected to this worker."""

    def __init__(self, engine: Engine) -> None:
        self._rechecks = engine.rechecks
        self._connections: set[Connection] = set()
        self._check_at = 0.0
        self._is_checking = False
        engine.ticker.add(self._tick)

    def add(self, connection: Connection) -> None:
        if connection.claims.subject.startswith(SUBJECT_PREFIX):
            self._connections.add(connection)

    def remove(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def _tick(self) -> None:
        if self._connections and not self._is_checking and monotonic() > self._check_at:
            self._check_at = monotonic() + CHECK_SECONDS
            self._is_checking = True
            gevent.spawn(self._check)

    def _check(self) -> None:
        try:
            for connection in list(self._connections):
                self._rechecks.check_socket(connection)
        finally:
            self._is_checking = False
