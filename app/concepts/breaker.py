"""A circuit breaker: a service that is down is not asked by every task, but by one now and then.

Each worker has its own: what it knows, it found out itself.
"""

from collections.abc import Callable
from time import monotonic

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class Breaker:
    """Opens after so many failures in a row, then lets one probe through after `first_seconds`; each probe
    that fails doubles the wait up to `most_seconds`, one that succeeds closes it."""

    def __init__(
        self,
        failures: int = 5,
        first_seconds: float = 1.0,
        most_seconds: float = 30.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.state = CLOSED
        self._most_failures = failures
        self._first, self._most = first_seconds, most_seconds
        self._clock = clock
        self._failures = 0
        self._seconds = first_seconds
        self._opens_until = 0.0

    def allows(self) -> bool:
        """Whether a call may be made now; it must then be followed by one of the three below."""
        if self.state == OPEN and self._clock() >= self._opens_until:
            self.state = HALF_OPEN
            return True
        return self.state == CLOSED

    def wait(self) -> float:
        """Seconds after which asking `allows` again makes sense."""
        return max(self._opens_until - self._clock(), self._first / 2)

    def succeeded(self) -> None:
        """The service answered, whatever it said."""
        self.state = CLOSED
        self._failures = 0
        self._seconds = self._first

    def failed(self) -> None:
        self._failures += 1
        if self.state == HALF_OPEN:
            self._seconds = min(self._seconds * 2, self._most)
            self._open()
        elif self.state == CLOSED and self._failures >= self._most_failures:
            self._open()

    def given_up(self) -> None:
        """The call was not brought to an end and tells nothing."""
        if self.state == HALF_OPEN:
            self.state = OPEN
            self._opens_until = self._clock()

    def _open(self) -> None:
        self.state = OPEN
        self._opens_until = self._clock() + self._seconds
