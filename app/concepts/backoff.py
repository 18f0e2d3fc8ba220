"""How long to wait before asking again. Pure."""

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time

FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0
MOST_RETRY_AFTER_SECONDS = 300.0


def delay(tries: int, first: float = FIRST_SECONDS, most: float = MOST_SECONDS) -> float:
    """Seconds to wait after the try `tries` (from 1): doubling up to a bound, never under half of that.

    Equal jitter: half is fixed, half is random, so that tasks begun together do not stay together.
    """
    full = min(most, first * 2.0 ** min(tries - 1, 16))
    return random.uniform(full / 2, full)


def retry_after(header: str | None) -> float | None:
    """The seconds that a `Retry-After` header (RFC 9110, 10.2.3) asks to wait, bounded; None without one."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MOST_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(0.0, moment.timestamp() - time()), MOST_RETRY_AFTER_SECONDS)
