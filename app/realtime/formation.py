"""The subscribers of a topic that march in step: their sockets side by side, for the inner loop.

Whoever has all that was dispatched and nothing unsent stands here as a bare file descriptor. A batch goes
to one after the other without looking at anything else; who can't take it whole falls out and is handled
as an object again (see dispatcher.py). The position of all of them is the topic's.
"""

from array import array
from typing import TYPE_CHECKING

from app.realtime.event import Position

if TYPE_CHECKING:
    from app.realtime.subscriber import Subscriber

GAP = -1
MOST_GAPS = 16


class Formation:
    """`done` and `end` bound the places that the batch in progress has not reached yet."""

    __slots__ = ("before", "done", "end", "fds", "gaps", "members", "position", "written")

    def __init__(self) -> None:
        self.fds = array("i")
        self.members: list[Subscriber | None] = []
        self.gaps = 0
        self.written = 0  # bytes that a member since the beginning has got
        self.before: Position | None = None
        self.position: Position | None = None
        self.done = self.end = 0

    def __len__(self) -> int:
        return len(self.fds) - self.gaps

    def enter(self, subscriber: "Subscriber") -> None:
        """It has everything up to the topic's last dispatch; a batch in progress does not come to it."""
        subscriber.formation = self
        subscriber.place = len(self.fds)
        subscriber.sent -= self.written
        self.fds.append(subscriber.fd)
        self.members.append(subscriber)

    def leave(self, subscriber: "Subscriber") -> None:
        """Gives it its own position back."""
        place = subscriber.place
        is_waiting = self.done <= place < self.end
        subscriber.position = self.before if is_waiting else self.position
        subscriber.formation = None
        subscriber.sent += self.written
        self.fds[place] = GAP
        self.members[place] = None
        self.gaps += 1

    def begin(self, before: Position | None, after: Position) -> None:
        """A batch is about to go to all who stand here now."""
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
