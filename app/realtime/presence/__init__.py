"""Presence: who is connected where, as leases that expire."""

from app.realtime.broker.base import Broker
from app.realtime.broker.redis.broker import RedisBroker
from app.realtime.presence.base import Holder, Presence
from app.realtime.presence.memory import MemoryPresence
from app.realtime.presence.redis import RedisPresence


def make_presence(broker: Broker, lease_seconds: float, kind: str = "presence") -> Presence:
    """In the store that the broker has: its Redis, through the same connection, or this process. Names of
    one `kind` have nothing to do with those of another."""
    if isinstance(broker, RedisBroker):
        return RedisPresence(broker.pipeline, broker.prefix, lease_seconds, kind)
    return MemoryPresence(lease_seconds)


__all__ = ["Holder", "Presence", "make_presence"]
