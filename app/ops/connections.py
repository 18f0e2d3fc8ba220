"""How many are connected by WebSocket, for `/health` and `/metrics` alike."""

from app.extensions import engine
from app.realtime.engine import Engine


def open_sockets(of: Engine) -> int:
    """Of this worker."""
    return len(of.sockets)


def count_connections() -> int:
    """As the gateway's family counts them."""
    return open_sockets(engine)
