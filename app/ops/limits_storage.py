"""Where hits are counted when workers count together: in the hub's Redis, over the connection that it has."""

from pathlib import Path
from time import time

from limits.storage import Storage

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.broker.redis_connection import Pipeline, Script

_SCRIPT = Script((Path(__file__).parent / "limits.lua").read_text())


class PipelineStorage(Storage):
    """A hash tag around each key keeps what it has in one slot of a cluster. Raises BrokerUnavailable."""

    def __init__(self, pipeline: Pipeline, prefix: str) -> None:
        super().__init__()
        self._pipeline = pipeline
        self._prefix = f"{prefix}:limits:"
        pipeline.load((_SCRIPT,))

    @property
    def base_exceptions(self) -> type[Exception]:
        return BrokerUnavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._ask(key, amount, expiry)[0]

    def get(self, key: str) -> int:
        return self._ask(key, 0, 0)[0]

    def get_expiry(self, key: str) -> float:
        return time() + max(self._ask(key, 0, 0)[1], 0) / 1000

    def clear(self, key: str) -> None:
        self._ask(key, 0, -1)

    def check(self) -> bool:
        try:
            self.get("check")
        except BrokerUnavailable:
            return False
        return True

    def reset(self) -> int | None:
        """Counters end by themselves; nobody forgets them all at once."""
        raise NotImplementedError

    def _ask(self, key: str, amount: int, seconds: int) -> tuple[int, int]:
        """Hits after the call, and milliseconds until they are forgotten."""
        name = f"{self._prefix}{{{key}}}".encode()
        hits, left = self._pipeline.run(_SCRIPT, (name,), (amount, seconds))
        return hits, left
