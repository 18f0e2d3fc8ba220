"""Releases that the store has not taken yet: of connections of this worker that ended while it was away."""

from itertools import islice
from time import monotonic

Claim = tuple[str, str]
"""A name and the connection that claimed it."""

RELEASES_KEPT = 50_000


class PendingReleases:
    """Oldest first, each kept until its lease would be over anyway.

    Bounded: beyond `RELEASES_KEPT` the oldest are forgotten, and end with their leases.
    """

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._ends: dict[Claim, float] = {}
        self._connections: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, claim: Claim) -> None:
        self.discard(claim)
        self._ends[claim] = monotonic() + self._lease_seconds
        self._connections.setdefault(claim[0], set()).add(claim[1])
        if len(self._ends) > RELEASES_KEPT:
            self.discard(next(iter(self._ends)))

    def discard(self, claim: Claim) -> None:
        if self._ends.pop(claim, None) is None:
            return
        connections = self._connections[claim[0]]
        connections.remove(claim[1])
        if not connections:
            del self._connections[claim[0]]

    def of(self, name: str) -> list[Claim]:
        return [(name, connection) for connection in self._connections.get(name, ())]

    def first(self, most: int) -> dict[Claim, float]:
        """The oldest, for `settle`."""
        return dict(islice(self._ends.items(), most))

    def settle(self, released: dict[Claim, float]) -> None:
        """These were released, unless they were added again meanwhile."""
        for claim, ends_at in released.items():
            if self._ends.get(claim) == ends_at:
                self.discard(claim)

    def forget_ended(self) -> None:
        now = monotonic()
        while self._ends:
            claim, ends_at = next(iter(self._ends.items()))
            if ends_at > now:
                break
            self.discard(claim)
