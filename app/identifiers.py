"""Identifiers in paths and bodies: UUIDs in their canonical text form (RFC 9562, section 4)."""

import re

from app.errors import Invalid

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text.lower()) is not None


def parse_uuid(text: str, what: str) -> str:
    """The UUID in lower case; raises Invalid, naming `what` it should identify."""
    if not is_uuid(text):
        raise Invalid(f"Invalid {what} UUID")
    return text.lower()
