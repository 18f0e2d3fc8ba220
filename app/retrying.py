"""The wait before another attempt. Pure."""

import random
from datetime import UTC
from email.utils import parsedate_to_datetime
from time import time

FIRST_SECONDS, MOST_SECONDS = 1.0, 30.0


def backoff(attempt: int, first: float = FIRST_SECONDS, most: float = MOST_SECONDS) -> float:
    """Seconds to wait after attempt `attempt` (from 1): exponential up to `most`, with equal jitter.

    Half of it is fixed and half random, so that attempts that began together spread out.
    """
    full = min(most, first * 2.0 ** min(attempt - 1, 16))
    return random.uniform(full / 2, full)


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
