"""What a worker may believe without asking the database again: for a second, and until an order comes.

Whoever takes rights or tokens away gives an order (`engine.cut`, `engine.forget`), which reaches this
worker at once and the others over the broker; each order makes every cache ask anew. The second bounds
what is believed when an order can't arrive (broker away, a change made from a shell).
"""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from app.extensions import engine

BELIEVED_SECONDS = 1.0
MOST_ENTRIES = 10_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Cache(Generic[Key, Value]):
    def __init__(self) -> None:
        self._entries: dict[Key, tuple[int, float, Value]] = {}

    def get(self, key: Key, ask: Callable[[], Value]) -> Value:
        """What `ask` answered for this key lately, else what it answers now. What it raises is not kept."""
        generation = engine.control.generation  # from before asking: an order meanwhile makes it old
        now = monotonic()
        entry = self._entries.get(key)
        if entry is not None and entry[0] == generation and now < entry[1]:
            return entry[2]
        value = ask()
        if len(self._entries) >= MOST_ENTRIES:
            self._entries.clear()
        self._entries[key] = (generation, now + BELIEVED_SECONDS, value)
        return value
