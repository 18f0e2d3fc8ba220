"""What a worker knows of one topic: who listens, how far it has heard, and what waits for dispatch."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from gevent.event import AsyncResult

from app.realtime.event import Position
from app.realtime.formation import Formation
from app.realtime.subscriber import Subscriber

if TYPE_CHECKING:
    from app.realtime.snapshot import Snapshot

Handler = Callable[[bytes | None], None]
"""Gets the payload of every event of a topic that has no subscribers but a handler; None for a reset."""


class Entry(NamedTuple):
    """An event on its way to the subscribers, encoded once. `is_reset`: another epoch begins here."""

    position: Position
    block: bytes
    is_reset: bool = False
    id: str = ""


class Topic:
    """`position` is the last event heard, `dispatched` the last one that the subscribers were given.

    A subscriber stands in one of the `formations` (whole blocks, and chunks) or among the `stragglers`.
    `missed` is an event that was heard of while catching up. `snapshot` is where streams of this topic begin
    and, should its history be lost, begin again. `on_empty` is called when the last subscriber has left.
    """

    __slots__ = (
        "dispatched",
        "formations",
        "handler",
        "hearing",
        "is_catching_up",
        "is_queued",
        "last_dispatch",
        "missed",
        "name",
        "on_empty",
        "position",
        "queue",
        "queued_bytes",
        "snapshot",
        "stragglers",
        "subscribers",
    )

    def __init__(self, name: str, handler: Handler | None = None) -> None:
        self.name = name
        self.handler = handler
        self.subscribers: dict[Subscriber, None] = {}
        self.stragglers: dict[Subscriber, None] = {}
        self.formations = (Formation(), Formation())
        self.position: Position | None = None
        self.dispatched: Position | None = None
        self.missed: Position | None = None
        self.is_catching_up = False
        self.queue: deque[Entry | Callable[[], None]] = deque()
        self.queued_bytes = 0
        self.is_queued = False
        self.last_dispatch = 0.0
        self.hearing: AsyncResult[None] | None = None
        self.snapshot: Snapshot | None = None
        self.on_empty: Callable[[], None] | None = None

    def fall_in(self, subscriber: Subscriber) -> None:
        """From now on it marches with the others, where it has all that they have and a socket to itself."""
        is_ready = subscriber.fd >= 0 and not subscriber.frames and subscriber.reason is None
        is_ready = is_ready and subscriber.seen is None
        if is_ready and subscriber.formation is None and subscriber.position == self.dispatched:
            self.stragglers.pop(subscriber, None)
            formation = self.formations[subscriber.is_chunked]
            formation.position = self.dispatched
            formation.enter(subscriber)
