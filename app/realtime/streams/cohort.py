"""The subscribers of a topic that are in step: their descriptors side by side, for the inner loop.

A subscriber that has all that was dispatched and nothing unsent is a member: a bare file descriptor in an
array. A batch is written to one descriptor after the other, and no other state is read. A subscriber whose
socket does not take the whole batch leaves, and the dispatcher handles it as an object again. All members
share the position of the topic.
"""

from array import array
from typing import Any, Generic, Protocol, TypeVar

from app.realtime.event import Position

GAP = -1
MOST_GAPS = 16


class Member(Protocol):
    """What a cohort needs of a subscriber. `place` is its index in the cohort, `sent` its bytes so far."""

    fd: int
    place: int
    position: Position | None
    sent: int
    cohort: "Cohort[Any] | None"


M = TypeVar("M", bound=Member)


class Cohort(Generic[M]):
    """`done` and `end` bound the indexes that the batch in progress has not reached yet."""

    __slots__ = ("before", "done", "end", "fds", "gaps", "members", "position", "written")

    def __init__(self) -> None:
        self.fds = array("i")
        self.members: list[M | None] = []
        self.gaps = 0
        self.written = 0  # bytes that a member since the beginning has got
        self.before: Position | None = None
        self.position: Position | None = None
        self.done = self.end = 0

    def __len__(self) -> int:
        return len(self.fds) - self.gaps

    def join(self, subscriber: M) -> None:
        """It has everything up to the topic's last dispatch; a batch in progress does not come to it."""
        subscriber.cohort = self
        subscriber.place = len(self.fds)
        subscriber.sent -= self.written
        self.fds.append(subscriber.fd)
        self.members.append(subscriber)

    def leave(self, subscriber: M) -> None:
        """Gives it its own position back."""
        place = subscriber.place
        is_waiting = self.done <= place < self.end
        subscriber.position = self.before if is_waiting else self.position
        subscriber.cohort = None
        subscriber.sent += self.written
        self.fds[place] = GAP
        self.members[place] = None
        self.gaps += 1

    def begin(self, before: Position | None, after: Position) -> None:
        """A batch is about to be written to all present members."""
        if self.gaps > MOST_GAPS and self.gaps > len(self.fds) // 8:
            self._close_gaps()
        self.before, self.position = before, after
        self.done, self.end = 0, len(self.fds)

    def finish(self, size: int) -> None:
        self.done = self.end
        self.written += size

    def _close_gaps(self) -> None:
        self.members = [member for member in self.members if member is not None]
        self.fds = array("i", (member.fd for member in self.members if member is not None))
        self.gaps = 0
        for place, member in enumerate(self.members):
            if member is not None:
                member.place = place
