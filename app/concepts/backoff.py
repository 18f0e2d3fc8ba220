"""How long to wait before asking the service again. Pure."""

from app.retrying import FIRST_SECONDS, MOST_SECONDS, parse_retry_after
from app.retrying import backoff as delay

MOST_RETRY_AFTER_SECONDS = 300.0


def retry_after(header: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks to wait, bounded; None without one."""
    seconds = parse_retry_after(header)
    return None if seconds is None else min(seconds, MOST_RETRY_AFTER_SECONDS)


__all__ = ["FIRST_SECONDS", "MOST_SECONDS", "delay", "retry_after"]
