"""How many frames a WebSocket may send: a token bucket, full at first."""


class TokenBucket:
    """`refused` frames were too many since it was full the last time."""

    __slots__ = ("_most", "_per_second", "_tokens", "refused")

    def __init__(self, per_second: float, most: int) -> None:
        self._per_second = per_second
        self._most = most
        self._tokens = float(most)
        self.refused = 0

    def grow(self, seconds: float) -> None:
        """So much time has passed."""
        self._tokens += seconds * self._per_second
        if self._tokens >= self._most:
            self._tokens, self.refused = float(self._most), 0

    def take(self) -> bool:
        """Whether one frame more is allowed."""
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        return True
