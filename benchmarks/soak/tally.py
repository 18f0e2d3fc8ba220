"""What was expected, what came, and everything that may not happen."""

import time
from collections import Counter
from dataclasses import dataclass, field

OVERDUE_SECONDS = 30.0


@dataclass
class Tally:
    """`counts` are what happened, `faults` what may not happen: one of those fails the run.

    `expected` and `received` are deliveries: an event to each reader that followed its topic, a message to a
    recipient, a frame to a socket. A reader tells by the numbers of the events whether it missed one.
    """

    counts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    expected: int = 0
    received: int = 0
    _due: dict[str, float] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def fault(self, what: str) -> None:
        self.faults[what] += 1

    def answered(self, kind: str, status: int) -> None:
        """An answer to an ordinary request; `kind` is method and route."""
        self.answers[status] += 1
        if not 200 <= status < 300:
            self.fault(f"{kind} answered {status}")

    def delivered(self, missed: int = 0) -> None:
        """One event came; `missed` before it did not."""
        self.expected += 1 + missed
        self.received += 1
        if missed:
            self.faults["events lost"] += missed

    def missed(self, events: int) -> None:
        self.expected += events
        self.faults["events lost"] += events

    # Deliveries with a name of their own

    def expect(self, key: str) -> None:
        """Before it is sent."""
        self._due[key] = time.monotonic()

    def forget(self, key: str) -> None:
        """It could not be sent, which was counted by itself."""
        self._due.pop(key, None)

    def got(self, key: str) -> None:
        """Once or more often."""
        if self._due.pop(key, None) is not None:
            self.delivered()

    @property
    def outstanding(self) -> int:
        return len(self._due)

    def write_off(self, older_than: float = OVERDUE_SECONDS) -> None:
        """What was sent that many seconds ago and has not come is lost."""
        limit = time.monotonic() - older_than
        late = [key for key, since in self._due.items() if since < limit]
        for key in late:
            del self._due[key]
        if late:
            self.missed(len(late))
