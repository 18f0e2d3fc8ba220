"""Presence: which worker holds which name, as leases that expire."""

from app.realtime.broker.base import Broker
from app.realtime.presence.base import Holder, Presence
from app.realtime.presence.memory import MemoryPresence
from app.realtime.presence.redis.presence import RedisPresence


def make_presence(broker: Broker, lease_seconds: float, kind: str = "presence") -> Presence:
    """Leases in the store of the broker (its Redis, through the same connection) or in this process. Each
    `kind` has names of its own."""
    if broker.store is None:
        return MemoryPresence(lease_seconds)
    return RedisPresence(broker.store, broker.prefix, lease_seconds, kind)


__all__ = ["Holder", "Presence", "make_presence"]
