"""The storages of the rate limits: the hub's Redis, over its pipeline, and this worker."""

from pathlib import Path
from time import monotonic, time

from limits.storage import Storage

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.broker.store import Script, Store

_SCRIPT = Script((Path(__file__).parent / "limits.lua").read_text())


SWEEP_SECONDS = 60.0


class WorkerStorage(Storage):
    """Counts in this worker, by the monotonic clock: setting the time of day back prolongs no limit."""

    def __init__(self) -> None:
        super().__init__()
        self._counters: dict[str, tuple[int, float]] = {}  # hits, and the end of their window
        self._swept_at = monotonic()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        self._sweep()
        hits, ends_at = self._find(key)
        self._counters[key] = hits + amount, ends_at if hits else monotonic() + expiry
        return hits + amount

    def get(self, key: str) -> int:
        return self._find(key)[0]

    def get_expiry(self, key: str) -> float:
        return time() + max(self._find(key)[1] - monotonic(), 0)

    def clear(self, key: str) -> None:
        self._counters.pop(key, None)

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        self._counters.clear()
        return None

    def _find(self, key: str) -> tuple[int, float]:
        hits, ends_at = self._counters.get(key, (0, 0.0))
        return (hits, ends_at) if ends_at > monotonic() else (0, 0.0)

    def _sweep(self) -> None:
        now = monotonic()
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            self._counters = {key: one for key, one in self._counters.items() if one[1] > now}


class BrokerStorage(Storage):
    """Counts in Redis. A hash tag around the key keeps its counters in one slot of a cluster.

    Raises BrokerUnavailable.
    """

    def __init__(self, store: Store, prefix: str) -> None:
        super().__init__()
        self._store = store
        self._prefix = f"{prefix}:limits:"
        store.load((_SCRIPT,))

    @property
    def base_exceptions(self) -> type[Exception]:
        return BrokerUnavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._hit(key, amount, expiry)[0]

    def get(self, key: str) -> int:
        return self._hit(key, 0, 0)[0]

    def get_expiry(self, key: str) -> float:
        return time() + max(self._hit(key, 0, 0)[1], 0) / 1000

    def clear(self, key: str) -> None:
        self._hit(key, 0, -1)

    def check(self) -> bool:
        try:
            self.get("check")
        except BrokerUnavailable:
            return False
        return True

    def reset(self) -> int | None:
        """Not offered: counters expire by themselves."""
        raise NotImplementedError

    def _hit(self, key: str, amount: int, seconds: int) -> tuple[int, int]:
        """The hits after the call, and the milliseconds until the window ends."""
        name = f"{self._prefix}{{{key}}}".encode()
        hits, left = self._store.run(_SCRIPT, (name,), (amount, seconds))
        return hits, left
