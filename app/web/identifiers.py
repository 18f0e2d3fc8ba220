"""Identifiers in paths and bodies: UUIDs in their canonical text form (RFC 9562, section 4)."""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from time import time_ns
from uuid import UUID

from app.errors import Invalid

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text.lower()) is not None


def parse_uuid(text: str, what: str) -> str:
    """The UUID in lower case; raises Invalid with the name of `what` it should identify."""
    if not is_uuid(text):
        raise Invalid(malformed(what))
    return text.lower()


def malformed(what: str) -> str:
    """The sentence that refuses a malformed UUID."""
    return f"Invalid {what} UUID"


def time_ordered_uuid() -> str:
    """A UUID of version 7 (RFC 9562, 5.7), greater than all earlier ones of this process. Twelve bits of the
    millisecond's fraction follow the milliseconds (6.2, method 3)."""
    milliseconds, fraction = divmod(next(_stamps), 4096)
    number = milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | secrets.randbits(62)
    return str(UUID(int=number))


def _rising() -> Iterator[int]:
    """Strictly rising times in 4096ths of a millisecond: now, or a little later."""
    last = 0
    while True:
        last = max(time_ns() * 4096 // 1_000_000, last + 1)
        yield last


_stamps = _rising()


def lowest_uuid(moment: datetime) -> str:
    """A prefix that is greater than every UUID of version 7 from before the moment."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}"
