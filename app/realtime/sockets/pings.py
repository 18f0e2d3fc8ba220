"""Pings to every WebSocket, and an end to those whose peer has vanished."""

from time import monotonic

from app.realtime.net.timing_wheel import TimingWheel
from app.realtime.sockets.connection import Connection


class Pings:
    """A ping every `ping_seconds`; a peer that then is silent for `pong_seconds` is disconnected. Any byte
    shows that it lives. The first ping of a connection comes a little early, spread over the interval."""

    def __init__(self, ping_seconds: int, pong_seconds: int) -> None:
        self._ping_seconds = ping_seconds
        self._pong_seconds = pong_seconds
        self._wheel = TimingWheel(self._visit)
        self.tick = self._wheel.tick

    def add(self, connection: Connection) -> None:
        self._put(connection, monotonic() + self._ping_seconds - self._wheel.spread(self._ping_seconds))

    def remove(self, connection: Connection) -> None:
        self._wheel.remove(connection, connection.ping_at)

    def _visit(self, connection: Connection) -> None:
        if not connection.is_open:
            return
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
            connection.ping_at = self._wheel.add(connection, at)
