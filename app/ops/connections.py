"""The number of WebSocket connections, for `/health` and `/metrics`."""

from app.extensions import engine
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine


def open_sockets(of: Engine) -> int:
    """The sockets of this worker."""
    return len(of.sockets)


def count_connections() -> int:
    """The connected names of the whole cluster; while the broker is unavailable, those of this worker."""
    engine.start()
    try:
        return engine.presence.count()
    except BrokerUnavailable:
        return len(engine.leases)
