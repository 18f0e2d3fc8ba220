"""How many are connected by WebSocket, for `/health` and `/metrics` alike."""

from app.extensions import engine
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine


def open_sockets(of: Engine) -> int:
    """Of this worker."""
    return len(of.sockets)


def count_connections() -> int:
    """The names that are connected, on all workers together; while the broker is away, on this one."""
    engine.start()
    try:
        return engine.presence.count()
    except BrokerUnavailable:
        return len(engine.leases)
