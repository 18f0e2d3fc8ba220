"""A topic and its subscribers: which streams are open, how far the worker has heard, what waits for dispatch.

A subscriber is one open stream: joining → live → closed(reason), with a bounded buffer of unsent bytes.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator
from time import monotonic
from typing import NamedTuple, Protocol

from gevent.event import AsyncResult

from app.realtime.claims import Claims
from app.realtime.event import Position
from app.realtime.net.send_buffer import SendBuffer
from app.realtime.streams import sse
from app.realtime.streams.cohort import Cohort

SEEN_SECONDS = 20.0  # longer than it takes another worker to publish what a worker that died left behind
CLOSED = Position("", -1)
"""The `position` of a subscriber that was closed: no event comes after it."""
FINISHED = "finished"
"""The reason of a stream that is complete; the client is not sent one."""

Handler = Callable[[bytes | None], None]
"""Gets the payload of every event of a topic that has no subscribers but a handler; None for a reset."""


class Entry(NamedTuple):
    """An event on its way to the subscribers, encoded once. `is_reset`: another epoch begins here."""

    position: Position
    block: bytes
    is_reset: bool = False
    id: str = ""


class Sink(Protocol):
    """Writes the bytes of subscribers (response.py, epoll_writer.py). Nothing here may block or raise."""

    def wake(self, subscriber: "Subscriber") -> None:
        """There is something in the buffer, or the subscriber was closed."""


class Topic:
    """`position` is the last event heard, `dispatched` the last one that the subscribers were given.

    A subscriber stands in one of the two `cohorts` (plain blocks, and chunks) or among the `stragglers`.
    `missed` is the position of an event that arrived while the topic was catching up. `begin_again` replays
    the snapshot of a topic that has one, once its history is lost. `on_empty` is called when the last
    subscriber has left.
    """

    __slots__ = (
        "begin_again",
        "cohorts",
        "dispatched",
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
        "stragglers",
        "subscribers",
    )

    def __init__(self, name: str, handler: Handler | None = None) -> None:
        self.name = name
        self.handler = handler
        self.subscribers: dict[Subscriber, None] = {}
        self.stragglers: dict[Subscriber, None] = {}
        self.cohorts: tuple[Cohort[Subscriber], Cohort[Subscriber]] = (Cohort(), Cohort())
        self.position: Position | None = None
        self.dispatched: Position | None = None
        self.missed: Position | None = None
        self.is_catching_up = False
        self.queue: deque[Entry | Callable[[], None]] = deque()
        self.queued_bytes = 0
        self.is_queued = False
        self.last_dispatch = 0.0
        self.hearing: AsyncResult[None] | None = None
        self.begin_again: Callable[[Topic], None] | None = None
        self.on_empty: Callable[[], None] | None = None

    def join_cohort(self, subscriber: "Subscriber") -> None:
        """Moves a straggler into a cohort once it has all that was dispatched and nothing unsent."""
        is_ready = subscriber.fd >= 0 and subscriber.send_buffer is None and subscriber.reason is None
        is_ready = is_ready and subscriber.seen is None
        if is_ready and subscriber.cohort is None and subscriber.position == self.dispatched:
            self.stragglers.pop(subscriber, None)
            cohort = self.cohorts[subscriber.is_chunked]
            cohort.position = self.dispatched
            cohort.join(subscriber)


class Subscriber:
    """`position` is the last event handed over; None while joining, when live entries are `held`.

    `held` is None when too much was held: the history must be read further. `is_finishing`: what is held is
    the last that it gets. `seen` are ids of events that the snapshot has shown (it went live at `live_at`, of
    the monotonic clock); they are kept for a while, since these events may still be published. `send_buffer`
    has the unsent bytes, if there are any, as the socket gets them. `fd` is the socket once the epoll writer
    has it, else -1; `is_chunked` says how it is framed. In a `cohort` it has no position of its own.
    """

    __slots__ = (
        "__weakref__",
        "claims",
        "cohort",
        "fd",
        "heartbeat_at",
        "held",
        "held_bytes",
        "is_chunked",
        "is_finishing",
        "limit",
        "live_at",
        "opened_at",
        "place",
        "position",
        "reason",
        "seen",
        "send_buffer",
        "sent",
        "sink",
        "topic",
    )

    def __init__(self, topic: Topic, claims: Claims, limit: int) -> None:
        self.topic = topic
        self.claims = claims
        self.limit = limit
        self.position: Position | None = None
        self.held: list[Entry] | None = []
        self.held_bytes = 0
        self.is_finishing = False
        self.seen: Container[str] | None = None
        self.send_buffer: SendBuffer | None = None
        self.fd = -1
        self.is_chunked = False
        self.cohort: Cohort[Subscriber] | None = None
        self.place = 0
        self.sink: Sink | None = None
        self.reason: str | None = None
        self.sent = 0
        self.heartbeat_at = 0
        self.opened_at = self.live_at = monotonic()

    @property
    def unsent_bytes(self) -> int:
        return self.send_buffer.size if self.send_buffer is not None else 0

    # Joining

    def hold(self, entries: list[Entry]) -> None:
        """Keeps live entries while joining; past the limit they are dropped, for the history has them."""
        if self.held is None:
            return
        self.held.extend(entries)
        self.held_bytes += sum(len(entry.block) for entry in entries)
        if self.held_bytes > self.limit:
            self.held = None

    def hold_anew(self) -> None:
        self.held, self.held_bytes = [], 0

    def release(self, position: Position, seen: Container[str] | None = None) -> None:
        """Goes live: everything up to `position` was handed over, and so were events whose id was `seen`;
        what else was held follows now."""
        held, self.held, self.held_bytes = self.held or [], None, 0
        if self.reason is None:
            self.position, self.seen, self.live_at = position, seen, monotonic()
            self.deliver(held)
            if self.is_finishing:
                self.close(FINISHED)

    def rejoin(self) -> None:
        """Back to joining: the snapshot that it has is outdated, and what it hears is held again."""
        self.leave_cohort()
        self.position = None
        self.hold_anew()

    # Live

    def deliver(self, entries: list[Entry]) -> None:
        """Hands over those entries that are new to this subscriber."""
        for entry in entries:
            if is_new(entry, self.position):
                self.position = entry.position
                if self.seen is None or entry.id not in self.seen:
                    self.push(entry.block)

    def forget_seen(self) -> None:
        """Called from time to time: once it has been live for long enough, no event of the snapshot will
        still be published."""
        is_due = self.position is not None and monotonic() - self.live_at > SEEN_SECONDS
        if self.seen is not None and is_due:
            self.seen = None
            self.topic.join_cohort(self)

    def push(self, block: bytes) -> None:
        """Hands over a block (whole events or comments). Past the limit of unsent bytes the reader is
        disconnected; one block always fits."""
        if self.reason is not None:
            return
        frame = sse.chunk(block) if self.is_chunked else block
        unsent = self.unsent_bytes
        if unsent and unsent + len(frame) > self.limit:
            self.close("slow_consumer")
        else:
            self.keep(frame)
            self._wake()

    def finish(self) -> None:
        """Ends the stream without a closing event, because it is complete; what is held goes out before."""
        if self.position is None:
            self.is_finishing = True
        else:
            self.close(FINISHED)

    def close(self, reason: str) -> None:
        """Sends the reason and ends the stream. Of a slow reader's bytes only a begun frame is kept."""
        if self.reason is not None:
            return
        self.reason = reason
        self.leave_cohort()
        self.position = CLOSED
        if reason == "slow_consumer" and self.send_buffer is not None:
            self.send_buffer.drop_unsent()
        if reason != FINISHED:
            block = sse.closed(reason)
            self.keep(sse.chunk(block) if self.is_chunked else block)
        if self.is_chunked:
            self.keep(sse.LAST_CHUNK)
        self._wake()

    def discard(self) -> None:
        """The reader is gone: nothing is kept for it, and nothing more is taken."""
        self.reason = self.reason or "client_gone"
        self.leave_cohort()
        self.position = CLOSED
        self.send_buffer = self.held = self.seen = None
        self.fd, self.sink = -1, None

    def leave_cohort(self) -> None:
        """It becomes a straggler, with a position of its own."""
        if self.cohort is not None:
            self.cohort.leave(self)
            self.topic.stragglers[self] = None

    # Unsent bytes

    def keep(self, frame: bytes, sent: int = 0) -> None:
        """Bytes as they go to the socket, of which `sent` have left already."""
        if self.send_buffer is None:
            self.send_buffer = SendBuffer()
        self.send_buffer.add(frame, sent=sent)

    def take(self) -> Iterator[bytes]:
        """The unsent frames, one after the other; each counts as sent when the next is asked for."""
        while (buffer := self.send_buffer) is not None:
            frame = bytes(buffer.begin())
            yield frame
            if self.send_buffer is buffer:
                self.advance(len(frame))

    def advance(self, sent: int) -> None:
        """That many more of the unsent bytes were written."""
        self.sent += sent
        if self.send_buffer is not None:
            self.send_buffer.advance(sent)
            if not self.send_buffer.size:
                self.send_buffer = None

    def _wake(self) -> None:
        if self.sink is not None:
            self.sink.wake(self)


def is_new(entry: Entry, position: Position | None) -> bool:
    """Whether an entry comes after `position`. Only a reset leads from one epoch into another."""
    if position is None or position is CLOSED:
        return False
    if entry.position.epoch != position.epoch:
        return entry.is_reset
    return entry.position.offset > position.offset
