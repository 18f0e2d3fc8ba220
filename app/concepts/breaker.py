"""A circuit breaker: while a service is down, one task at a time calls it, now and then.

Each worker has its own, which knows only the outcomes of that worker's calls.
"""

from collections.abc import Callable
from time import monotonic

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


class Breaker:
    """Opens after `failures` in a row, and allows one probe after `first_seconds`. A probe that fails doubles
    the wait, up to `most_seconds`; one that succeeds closes the breaker."""

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
        """Whether a call may be made now. Its outcome must be told: `succeeded`, `failed` or `given_up`."""
        if self.state == OPEN and self._clock() >= self._opens_until:
            self.state = HALF_OPEN
            return True
        return self.state == CLOSED

    def wait(self) -> float:
        """Seconds until `allows` may return True."""
        return max(self._opens_until - self._clock(), self._first / 2)

    def succeeded(self) -> None:
        """The service answered, with success or with a refusal."""
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
        """The call was interrupted: its outcome is unknown."""
        if self.state == HALF_OPEN:
            self.state = OPEN
            self._opens_until = self._clock()

    def _open(self) -> None:
        self.state = OPEN
        self._opens_until = self._clock() + self._seconds
