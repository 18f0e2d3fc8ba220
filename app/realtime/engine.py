"""The engine of one worker, put together: what areas call to publish, to stream and to disconnect."""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from time import monotonic
from typing import Any, Protocol

import gevent
from gevent.lock import BoundedSemaphore

from app.realtime.broker.base import Broker, BrokerUnavailable
from app.realtime.canary import Canary
from app.realtime.claims import Claims
from app.realtime.control import Control
from app.realtime.disconnect import Disconnect
from app.realtime.event import NOWHERE, Event, Position, pack
from app.realtime.meters import Meters
from app.realtime.net.takeover import RequestSocket
from app.realtime.outbox import Outbox
from app.realtime.presence import make_presence
from app.realtime.presence.leases import Leases
from app.realtime.rechecks import Rechecks
from app.realtime.sockets.connection import NOBODY, Accept, Connection, Refuse, SocketLimits
from app.realtime.sockets.registry import OVERLOADED, SHUTDOWN, Sockets
from app.realtime.streams.dispatcher import Dispatcher
from app.realtime.streams.heartbeats import Heartbeats
from app.realtime.streams.hub import Hub
from app.realtime.streams.replay import join, until_available
from app.realtime.streams.response import StreamBody, StreamWriter
from app.realtime.streams.snapshot import Read, Snapshot
from app.realtime.streams.topic import FINISHED, Subscriber, Topic
from app.realtime.timers import Expiry, Ticker
from app.realtime.workers.mailbox import Mailbox

log = logging.getLogger(__name__)

SNAPSHOTS_AT_ONCE = 32

Join = Callable[[Subscriber], Iterator[bytes]]
"""Yields the first blocks of a stream, at the reader's pace; at the end the subscriber is live."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Seconds and bytes; streams, sockets, both together (`max_open`) and outbox events per worker.

    `hands_over`: the descriptors of streams and sockets go from the server to the engine's epolls.
    """

    heartbeat_seconds: int = 15
    buffer_bytes: int = 1024 * 1024
    max_streams: int = 15_000
    outbox_events: int = 1000
    hands_over: bool = True
    recheck_seconds: int = 300
    max_sockets: int = 15_000
    max_open: int = 30_000
    socket_limits: SocketLimits = field(default_factory=SocketLimits)
    presence_lease_seconds: float = 30


class Overloaded(Exception):
    """No stream can be opened now; `reason` is the disconnect reason to give."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Companion(Protocol):
    """What an area runs in the background of every worker that serves. Each call may be repeated."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def drain(self) -> None:
        """The worker is about to end: other workers should go on with what it has begun."""


class Engine:
    """Starts nothing until it is used first (after the server's fork); every entry calls `start`."""

    def __init__(self, broker: Broker, settings: EngineSettings | None = None) -> None:
        self.settings = settings or EngineSettings()
        self.broker = broker
        self.meters = Meters()
        self.writer = StreamWriter(self._remove, self.settings.hands_over)
        self.dispatcher = Dispatcher(self.writer.epoll_writer.write)
        self.hub = Hub(broker, self.dispatcher, self.settings.buffer_bytes)
        self.sockets = Sockets(self.settings.socket_limits, self.meters, self.settings.hands_over)
        self.outbox = Outbox(broker, self.settings.outbox_events)
        self._keys = (f"{prefix}{number:x}" for prefix in [secrets.token_hex(6)] for number in count())
        self.rechecks = Rechecks(self.hub, self.sockets, self.settings.recheck_seconds)
        self.control = Control(self.hub, self.sockets, self.outbox, self._keys, self.rechecks.check_all)
        self.heartbeats = Heartbeats(self.settings.heartbeat_seconds)
        self.expiry: Expiry[Subscriber] = Expiry(self.hub.tokens, lambda it: it.close("token_expired"))
        self.canary = Canary(self.hub)
        self.ticker = Ticker(
            self.heartbeats.tick,
            self.expiry.tick,
            self.writer.tick,
            self.sockets.tick,
            self.hub.drop_idle_topics,
            self.canary.tick,
        )
        self.presence = make_presence(broker, self.settings.presence_lease_seconds)
        self.leases = Leases(self.presence)
        # Names that are not users', and that only one holder may use at a time.
        self.reservations = Leases(make_presence(broker, self.settings.presence_lease_seconds, "reserved"))
        self.hub.on_interruption = self._renew_leases
        self.mailbox = Mailbox(broker)
        self.companions: list[Companion] = []
        self._snapshot_turns = BoundedSemaphore(SNAPSHOTS_AT_ONCE)
        self.is_draining = False
        self._is_started = self._is_serving = False

    @cached_property
    def worker_id(self) -> str:
        """Unique in the cluster; made when it is first needed, which is after the fork."""
        return secrets.token_hex(8)

    def start(self) -> None:
        if self._is_started:
            return
        self._is_started = True
        self.broker.start(self.hub)
        self.writer.epoll_writer.start()
        self.sockets.start()
        self.dispatcher.start()
        self.outbox.start()
        self.canary.start(self.worker_id)
        self.ticker.start()
        self.rechecks.start()
        self.leases.start(self.worker_id)
        self.reservations.start(self.worker_id)
        self.mailbox.start(self.worker_id)
        self.control.start()

    def serve(self) -> None:
        """As `start`, in a worker that takes requests: the companions of areas start too."""
        self.start()
        if not self._is_serving:
            self._is_serving = True
            for companion in self.companions:
                companion.start()

    def stop(self) -> None:
        """Ends every greenlet; for tests and for a worker that exits."""
        for companion in self.companions:
            companion.stop()
        self.mailbox.stop()
        self.leases.stop()
        self.reservations.stop()
        for part in (self.control, self.rechecks, self.ticker, self.outbox, self.dispatcher):
            part.stop()
        self.writer.epoll_writer.stop()
        self.sockets.stop()
        self.broker.stop()

    def _renew_leases(self) -> None:
        self.leases.renew_soon()
        self.reservations.renew_soon()

    # Publishing

    def publish(self, topic: str, event: Event) -> Position:
        """Published to every worker when this returns; raises BrokerUnavailable."""
        self.start()
        try:
            position = self.broker.publish(topic, pack(event), next(self._keys))
        except BrokerUnavailable:
            self.meters.publish_failures += 1
            raise
        self.meters.published += 1
        return position

    def publish_committed(self, topic: str, event: Event) -> None:
        """For changes that are committed already: waits in the outbox while the broker is away."""
        self.start()
        if self.outbox.publish(topic, pack(event), next(self._keys)):
            self.meters.published += 1

    def publish_many(self, topics: list[str], event: Event, is_retry: bool = False) -> None:
        """The same event, which needs an id, to many topics. With `is_retry`, a topic whose history has the
        event does not get it again. Raises BrokerUnavailable, when some topics may have got it."""
        self.start()
        try:
            self.broker.publish_many(topics, pack(event), event.id, is_retry)
        except BrokerUnavailable:
            self.meters.publish_failures += 1
            raise
        self.meters.published += len(topics)

    # Ending streams

    def disconnect(
        self, reason: str, topic: str = "", user: str = "", token: str = "", version: int = 0
    ) -> None:
        """Ends the streams and sockets that match all that is given (see `Disconnect`), on every worker."""
        self.start()
        self.control.send(Disconnect(reason, topic, user, token, version))

    def finish(self, topic: str) -> None:
        """Ends the streams of the topic on every worker, after what was published before, without a
        reason."""
        self.start()
        self.control.send(Disconnect(FINISHED, topic))

    def invalidate(self) -> None:
        """Rights changed and no stream ends: the caches of every worker ask again."""
        self.start()
        self.control.send(Disconnect(""))

    # Streaming

    def open(
        self, topic: str, claims: Claims, request_socket: RequestSocket, generation: int, join: Join
    ) -> StreamBody:
        """The response body of a new stream, which begins with the blocks of `join`: `history`, `snapshot`.

        `generation` is `control.generation` from before the rights were checked: if orders have come since,
        they are checked again. Raises Overloaded.
        """
        self._require_room()
        subscriber = self._add(self.hub.topic(topic), claims)
        if self.control.generation != generation:
            self.rechecks.check(subscriber)
        return self.writer.body(subscriber, join(subscriber), request_socket)

    def history(self, cursor: str | None) -> Join:
        """Begins after the cursor with the broker's history; without a cursor with what comes now."""

        def begin(subscriber: Subscriber) -> Iterator[bytes]:
            yield from until_available(subscriber, lambda: self.hub.hear(subscriber.topic))
            yield from join(self.broker, subscriber, cursor, self.meters.verdicts)

        return begin

    def snapshot(self, read: Read) -> Join:
        """Begins with the state in a database, see `snapshot.Snapshot`."""
        return Snapshot(self.hub, read, self._snapshot_turns)

    def private(
        self, claims: Claims, request_socket: RequestSocket, on_gone: Callable[[], None]
    ) -> tuple[Subscriber, StreamBody]:
        """A stream that no broker knows: it gets what is pushed to its subscriber, and nothing else.

        `on_gone` is called once it is over, whichever side ended it. Raises Overloaded.
        """
        self._require_room()
        topic = Topic("private")
        topic.on_empty = on_gone
        subscriber = self._add(topic, claims)
        return subscriber, self.writer.body(subscriber, _begin_at_once(subscriber), request_socket)

    def _require_room(self) -> None:
        self.start()
        if self.is_draining:
            raise Overloaded("shutdown")
        if self.hub.stream_count >= self.settings.max_streams or self._is_full:
            raise Overloaded("overloaded")

    def _add(self, topic: Topic, claims: Claims) -> Subscriber:
        subscriber = self.hub.add(topic, claims)
        self.heartbeats.add(subscriber)
        self.expiry.add(subscriber)
        return subscriber

    def _remove(self, subscriber: Subscriber) -> None:
        self.heartbeats.remove(subscriber)
        self.hub.remove(subscriber)

    @property
    def _is_full(self) -> bool:
        return self.hub.stream_count + self.sockets.held >= self.settings.max_open

    # Sockets

    def open_socket(
        self, request_socket: RequestSocket, sock: Any, accept: Accept, generation: int
    ) -> Connection:
        """A WebSocket whose handshake was answered (see `Sockets.open`; `generation` as in `open`). If there
        is no room it is closed already, and its handler is never called. Raises OSError."""
        self.start()
        refusal = self._why_no_socket()
        if refusal is not None:
            return self.refuse_socket(request_socket, sock, refusal)
        connection = self.sockets.open(request_socket, sock, accept)
        if self.control.generation != generation:
            self.rechecks.check_socket(connection)
        return connection

    def refuse_socket(self, request_socket: RequestSocket, sock: Any, refusal: Refuse) -> Connection:
        """A WebSocket that opens and is closed with the reason: browsers see no other form of refusal."""
        self.start()
        connection = self.sockets.open(request_socket, sock, NOBODY)
        connection.close(*refusal)
        return connection

    def _why_no_socket(self) -> Refuse | None:
        if self.is_draining:
            return SHUTDOWN
        is_full = self.sockets.held >= self.settings.max_sockets or self._is_full
        return OVERLOADED if is_full else None

    # Stopping

    def drain(self, reason: str = "shutdown", wait_seconds: float = 0) -> None:
        """Ends every stream and socket politely and releases the names; new ones are refused. Waits up to
        `wait_seconds` until all have taken their end, and outbox and mailbox are empty."""
        self.is_draining = True
        for subscriber in list(self.hub.subscribers()):
            subscriber.close(reason)
        self.sockets.drain()
        self.leases.drain()
        self.reservations.drain()
        until = monotonic() + wait_seconds
        while self._is_busy and monotonic() < until:
            gevent.sleep(0.02)
        for companion in self.companions:
            companion.drain()
        if wait_seconds and len(self.outbox):
            log.error("the broker is away: %d events of committed changes are lost", len(self.outbox))

    @property
    def _is_busy(self) -> bool:
        is_open = self.hub.stream_count or not self.sockets.is_empty
        return bool(is_open or len(self.outbox) or len(self.mailbox))


def _begin_at_once(subscriber: Subscriber) -> Iterator[bytes]:
    yield b""
    subscriber.release(NOWHERE)
