"""Presence within one process: one worker, no other program, the same guarantees. `_sweep` frees the names
whose leases have expired."""

from collections.abc import Sequence
from itertools import islice
from time import monotonic

from app.realtime.presence.base import Holder, Lease, Presence


class MemoryPresence(Presence):
    """All leases are equally long, so the order of claims and renewals is the order of their ends."""

    def __init__(self, lease_seconds: float) -> None:
        super().__init__(lease_seconds)
        self._leases: dict[str, tuple[Holder, float]] = {}

    def claim(self, name: str, holder: Holder) -> bool:
        self._sweep()
        lease = self._leases.get(name)
        if lease is not None and lease[0] != holder:
            return False
        self._leases.pop(name, None)
        self._leases[name] = (holder, monotonic() + self.lease_seconds)
        return True

    def renew(self, leases: Sequence[Lease]) -> list[bool]:
        return [self.claim(name, holder) for name, holder in leases]

    def release(self, leases: Sequence[Lease]) -> None:
        for name, holder in leases:
            lease = self._leases.get(name)
            if lease is not None and lease[0] == holder:
                del self._leases[name]

    def find(self, names: Sequence[str]) -> list[Holder | None]:
        self._sweep()
        leases = (self._leases.get(name) for name in names)
        return [lease[0] if lease is not None else None for lease in leases]

    def count(self) -> int:
        self._sweep()
        return len(self._leases)

    def names(self, most: int) -> list[str]:
        self._sweep()
        return list(islice(self._leases, most))

    def _sweep(self) -> None:
        now = monotonic()
        while self._leases:
            name, (_, ends_at) = next(iter(self._leases.items()))
            if ends_at > now:
                break
            del self._leases[name]
