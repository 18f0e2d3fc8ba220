"""One open stream: joining → live → closed(reason), and its bounded buffer of unsent blocks."""

from collections import deque
from collections.abc import Iterator
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from app.realtime import sse
from app.realtime.claims import Claims
from app.realtime.event import Position

if TYPE_CHECKING:
    from app.realtime.topic import Entry, Topic


class Sink(Protocol):
    """How the bytes of one subscriber reach its reader; see writer.py."""

    def wake(self) -> None:
        """There are new blocks, or the subscriber was closed. Must not block or raise."""

    def abort(self) -> None:
        """Gives up on a reader that does not take its last bytes. Must not block or raise."""


class Subscriber:
    """`position` is the last event handed over; None while joining, when live entries are `held`.

    `held` is None when too much was held: the history must be read on. Every block is whole, so a reader
    that is cut off never sees half an event before the reason.
    """

    __slots__ = (
        "blocks",
        "buffered",
        "claims",
        "closed_at",
        "heartbeat_at",
        "held",
        "held_bytes",
        "limit",
        "opened_at",
        "position",
        "reason",
        "sent",
        "sink",
        "topic",
    )

    def __init__(self, topic: "Topic", claims: Claims, limit: int) -> None:
        self.topic = topic
        self.claims = claims
        self.limit = limit
        self.position: Position | None = None
        self.held: list[Entry] | None = []
        self.held_bytes = 0
        self.blocks: deque[bytes] = deque()
        self.buffered = 0
        self.sink: Sink | None = None
        self.reason: str | None = None
        self.sent = 0
        self.heartbeat_at = 0
        self.opened_at = monotonic()
        self.closed_at = 0.0

    def hold(self, entries: "list[Entry]") -> None:
        """Keeps live entries while joining; past the limit they are dropped, for the history has them."""
        if self.held is None:
            return
        self.held.extend(entries)
        self.held_bytes += sum(len(entry.block) for entry in entries)
        if self.held_bytes > self.limit:
            self.held = None

    def hold_anew(self) -> None:
        self.held, self.held_bytes = [], 0

    def release(self, position: Position) -> None:
        """Goes live: everything up to `position` was handed over, what was held after it follows now."""
        held, self.held, self.held_bytes = self.held or [], None, 0
        self.position = position
        self.deliver(held)

    def deliver(self, entries: "list[Entry]") -> None:
        """Hands over those entries that are new to this subscriber."""
        for entry in entries:
            if is_new(entry, self.position):
                self.position = entry.position
                self.push(entry.block)

    def push(self, block: bytes) -> None:
        """Hands over a block. Past the limit of unsent bytes the reader is cut off; one always fits."""
        if self.reason is not None:
            return
        if self.buffered and self.buffered + len(block) > self.limit:
            self.close("slow_consumer")
            return
        self._append(block)

    def close(self, reason: str) -> None:
        """Says why and ends the stream; of a slow reader's buffer, what was not sent is dropped."""
        if self.reason is not None:
            return
        self.reason = reason
        self.closed_at = monotonic()
        if reason == "slow_consumer":
            self.blocks.clear()
            self.buffered = 0
        self._append(sse.closed(reason))

    def _append(self, block: bytes) -> None:
        self.blocks.append(block)
        self.buffered += len(block)
        if self.sink is not None:
            self.sink.wake()

    def take(self) -> Iterator[bytes]:
        """The unsent blocks, one after the other; each counts as sent when the next is asked for."""
        while self.blocks:
            block = self.blocks.popleft()
            yield block
            self.sent += len(block)
            self.buffered -= len(block)


def is_new(entry: "Entry", position: Position | None) -> bool:
    """Whether an entry comes after `position`. Only a reset leads from one epoch into another."""
    if position is None:
        return False
    if entry.position.epoch != position.epoch:
        return entry.is_reset
    return entry.position.offset > position.offset
