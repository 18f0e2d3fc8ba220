"""Checks again whether open streams and sockets may stay: when orders may have been missed, and all the time.

Orders (control.py) end streams within a second. An order can be lost for good: its worker died before it was
published, or the change was made from a shell without Redis. The permanent round of checks finds these.
"""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from weakref import ref

import gevent

from app.realtime.claims import Claims
from app.realtime.sockets.connection import Connection
from app.realtime.sockets.registry import Sockets
from app.realtime.streams.hub import Hub
from app.realtime.streams.topic import Subscriber
from app.realtime.topics import Authorizer

log = logging.getLogger(__name__)

LEAST_PAUSE_SECONDS = 0.01
PAUSE_EVERY_CHECKS = 100


class Rechecks:
    """Streams are checked by the authorizer of their topic's kind, sockets by `authorize_socket`. `seconds`
    is how long a round over all of them takes."""

    def __init__(self, hub: Hub, sockets: Sockets, seconds: int) -> None:
        self.authorize_socket: Authorizer | None = None
        self._kinds = hub.broker.kinds
        self._hub = hub
        self._sockets = sockets
        self._seconds = seconds
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._go_round)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def check(self, subscriber: Subscriber) -> None:
        """Closes the stream if its bearer may not read it."""
        topic = subscriber.topic.name
        if subscriber.reason is None:
            self._ask(self._kinds.of(topic).authorizer, subscriber.claims, topic, subscriber.close)

    def check_socket(self, connection: Connection) -> None:
        """Closes the socket if its bearer may not use that name."""
        if connection.is_open:
            self._ask(self.authorize_socket, connection.claims, connection.name, connection.disconnect)

    def _ask(
        self, authorizer: Authorizer | None, claims: Claims, name: str, end: Callable[[str], None]
    ) -> None:
        """In doubt the stream stays open, and is checked again later."""
        try:
            reason = authorizer(claims, name) if authorizer else None
        except Exception as error:  # the database may be away
            log.warning("the rights of a connection could not be checked: %s", type(error).__name__)
            return
        if reason is not None:
            end(reason)

    def check_all(self) -> None:
        """All streams and sockets, as fast as the other greenlets allow."""
        for number, check in enumerate(self._checks()):
            check()
            if number % PAUSE_EVERY_CHECKS == 0:
                gevent.sleep(LEAST_PAUSE_SECONDS)

    def _checks(self) -> Iterator[Callable[[], None]]:
        """Holds weak references only: a round lasts for minutes, and streams end meanwhile."""
        streams = [ref(subscriber) for subscriber in self._hub.subscribers()]
        sockets = [ref(connection) for connection in self._sockets]
        for stream in streams:
            if (subscriber := stream()) is not None:
                yield partial(self.check, subscriber)
        for socket in sockets:
            if (connection := socket()) is not None:
                yield partial(self.check_socket, connection)

    def _go_round(self) -> None:
        while True:
            present = self._hub.stream_count + len(self._sockets)
            pause = max(LEAST_PAUSE_SECONDS, self._seconds / (present or 1))
            for check in self._checks():
                gevent.sleep(pause)
                check()
            if not present:
                gevent.sleep(1)
