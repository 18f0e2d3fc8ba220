"""A timing wheel: what falls due by the clock, without a timer for each item."""

from collections import defaultdict
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from app.realtime.pacing import PAUSE_EVERY, pause

T = TypeVar("T")

SPREAD = 0.2
SPREAD_STEPS = 8


class TimingWheel(Generic[T]):
    """Items stand in the second in which they are due; `tick` calls `visit` for those whose second has come.

    `visit` puts an item that goes on back with `add`, and ignores an item that has ended. Times are of the
    monotonic clock.
    """

    def __init__(self, visit: Callable[[T], None]) -> None:
        self._visit = visit
        self._slots: defaultdict[int, set[T]] = defaultdict(set)
        self._next = int(monotonic()) + 1
        self._count = 0

    def __len__(self) -> int:
        return sum(map(len, self._slots.values()))

    def add(self, item: T, due_at: float) -> int:
        """The second in which the item stands now, for `remove`."""
        slot = max(self._next, int(due_at))
        self._slots[slot].add(item)
        return slot

    def remove(self, item: T, slot: int) -> None:
        """Harmless for an item that is not there."""
        due = self._slots.get(slot)
        if due is not None:
            due.discard(item)

    def spread(self, seconds: float) -> float:
        """A share of the last fifth of an interval: items that are due earlier by it do not all fall due at
        once."""
        self._count += 1
        return (self._count % SPREAD_STEPS) / SPREAD_STEPS * seconds * SPREAD

    def tick(self) -> None:
        while self._next <= monotonic():
            due = self._slots.pop(self._next, set())
            self._next += 1
            for count, item in enumerate(due, 1):
                self._visit(item)
                if count % PAUSE_EVERY == 0:
                    pause()
