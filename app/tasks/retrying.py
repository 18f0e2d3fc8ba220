"""How long to wait before trying again."""

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time

FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0


def backoff(attempt: int) -> float:
    """Seconds to wait after attempt `attempt` (from 1): doubling to a bound, never under half of it."""
    seconds = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 10))
    return seconds / 2 + random.uniform(0, seconds / 2)


def parse_retry_after(value: str | None) -> float | None:
    """The seconds that a `Retry-After` header asks for (RFC 9110, 10.2.3); None where it asks for none."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - time())
