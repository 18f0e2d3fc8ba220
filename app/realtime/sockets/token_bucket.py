"""A token bucket: how many frames a WebSocket may send. It is full at first."""


class TokenBucket:
    """`refused`: how many frames were over the rate since the bucket was last full."""

    __slots__ = ("_most", "_per_second", "_tokens", "refused")

    def __init__(self, per_second: float, most: int) -> None:
        self._per_second = per_second
        self._most = most
        self._tokens = float(most)
        self.refused = 0

    def refill(self, seconds: float) -> None:
        """Adds the tokens of the time that has passed."""
        self._tokens += seconds * self._per_second
        if self._tokens >= self._most:
            self._tokens, self.refused = float(self._most), 0

    def take(self) -> bool:
        """Whether one more frame is allowed."""
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        return True
