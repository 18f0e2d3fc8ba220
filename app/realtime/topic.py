"""What a worker knows of one topic: who listens, how far it has heard, and what waits for dispatch."""

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from gevent.event import AsyncResult

from app.realtime.event import Position
from app.realtime.subscriber import Subscriber

Handler = Callable[[bytes | None], None]
"""Gets the payload of every event of a topic that has no subscribers but a handler; None for a reset."""


class Entry(NamedTuple):
    """An event on its way to the subscribers, encoded once. `is_reset`: the topic begins anew here."""

    position: Position
    block: bytes
    is_reset: bool = False


class Topic:
    """`position` is the last event heard, `dispatched` the last one that the subscribers were given.

    Subscribers in step share the very object `dispatched`, so that one comparison tells. `missed` is an
    event that was heard of while catching up.
    """

    __slots__ = (
        "dispatched",
        "handler",
        "hearing",
        "idle_since",
        "is_catching_up",
        "is_queued",
        "last_dispatch",
        "missed",
        "name",
        "position",
        "queue",
        "queued_bytes",
        "subscribers",
    )

    def __init__(self, name: str, handler: Handler | None = None) -> None:
        self.name = name
        self.handler = handler
        self.subscribers: dict[Subscriber, None] = {}
        self.position: Position | None = None
        self.dispatched: Position | None = None
        self.missed: Position | None = None
        self.is_catching_up = False
        self.queue: deque[Entry | Callable[[], None]] = deque()
        self.queued_bytes = 0
        self.is_queued = False
        self.last_dispatch = 0.0
        self.idle_since: float | None = monotonic()
        self.hearing: AsyncResult[None] | None = None
