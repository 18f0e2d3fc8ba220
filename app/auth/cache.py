"""A cache of the database's answers about tokens and rights, for seconds and until the next control order.

A change that takes tokens or rights away publishes a control order (`engine.disconnect`,
`engine.invalidate`). It reaches this worker at once and the others over the broker, and invalidates every
entry. Where no order can arrive, entries are stale for a bounded time: a second while the broker is away, ten
(`seconds`) after a change that was made from a shell without Redis.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from app.extensions import db
from app.realtime.engine import Engine

CACHE_SECONDS = 10.0
BROKER_AWAY_SECONDS = 1.0
MOST_ENTRIES = 50_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    def __init__(self, engine: Engine, seconds: float = CACHE_SECONDS) -> None:
        self._engine = engine
        self._seconds = seconds
        self._entries: dict[Key, tuple[int, float, Value]] = {}

    def get(self, key: Key, load: Callable[[], Value]) -> Value:
        """The cached value of the key, else that which `load` returns now. Its errors are not cached."""
        generation = self._engine.control.generation  # read first: an order while loading counts
        now = monotonic()
        entry = self._entries.get(key)
        if entry is not None and entry[0] == generation:
            seconds = self._seconds if self._engine.broker.is_connected else BROKER_AWAY_SECONDS
            if now - entry[1] < seconds:
                return entry[2]
        try:
            value = load()
        finally:
            db.session.remove()  # the connection goes back to the pool before the caller waits
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        self._entries[key] = (generation, now, value)
        return value
