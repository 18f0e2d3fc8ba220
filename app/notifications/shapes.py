"""What recipients and messages look like in answers."""

from datetime import datetime
from typing import Any

from app.notifications.models import Recipient
from app.web.json_provider import timestamp

Shape = dict[str, Any]


def recipient(found: Recipient) -> Shape:
    return {"id": found.id, "external_id": found.external_id, "created_at": timestamp(found.created_at)}


def message(id: str, payload: str, created_at: datetime, read_at: datetime | None) -> Shape:
    """As an inbox lists it."""
    return {
        "id": id,
        "payload": payload,
        "read": read_at is not None,
        "created_at": timestamp(created_at),
        "read_at": None if read_at is None else timestamp(read_at),
    }
