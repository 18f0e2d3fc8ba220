"""What a worker may believe without asking the database again: for seconds, and until an order comes.

Whoever takes rights or tokens away gives an order (`engine.cut`, `engine.forget`), which reaches this
worker at once and the others over the broker; each order makes every cache ask anew. Where no order can
arrive the time bounds what is believed: a second while the broker is away, ten (`seconds`) after a change
that was made from a shell without Redis.
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from app.extensions import db
from app.realtime.engine import Engine

BELIEVED_SECONDS = 10.0
UNHEARD_SECONDS = 1.0
MOST_ENTRIES = 50_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    def __init__(self, engine: Engine, seconds: float = BELIEVED_SECONDS) -> None:
        self._engine = engine
        self._seconds = seconds
        self._entries: dict[Key, tuple[int, float, Value]] = {}

    def get(self, key: Key, ask: Callable[[], Value]) -> Value:
        """What `ask` answered for this key lately, else what it answers now. What it raises is not kept."""
        generation = self._engine.control.generation  # from before asking: an order meanwhile makes it old
        now = monotonic()
        entry = self._entries.get(key)
        if entry is not None and entry[0] == generation:
            believed = self._seconds if self._engine.broker.is_connected else UNHEARD_SECONDS
            if now - entry[1] < believed:
                return entry[2]
        try:
            value = ask()
        finally:
            db.session.remove()  # the connection goes back before anything else is waited for
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        self._entries[key] = (generation, now, value)
        return value
