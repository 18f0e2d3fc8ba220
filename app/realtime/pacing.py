"""How long greenlets pause: to share the loop, and before they try a broker again."""

import gevent

PAUSE_EVERY = 250  # items of a long loop between two pauses
RETRY_SECONDS = 0.25

_TURN_SECONDS = 1e-6  # `gevent.sleep(0)` would resume without letting the loop poll for I/O


def pause() -> None:
    """Lets the loop poll for I/O and run other greenlets."""
    gevent.sleep(_TURN_SECONDS)
