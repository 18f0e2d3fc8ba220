"""What each object looks like on the wire, in answers and on the stream."""

from datetime import datetime
from typing import Any

import orjson

from app.notifications.models import Recipient
from app.realtime.event import Event
from app.realtime.streams import sse
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


def event(id: str, payload: str) -> Event:
    """A message as it is published."""
    return Event(_data(id, payload), id=id)


def block(id: str, payload: str) -> bytes:
    """The same event as bytes of a stream."""
    return sse.encode(_data(id, payload), id=id)


def _data(id: str, payload: str) -> str:
    return orjson.dumps({"id": id, "payload": payload, "read": False}).decode()


PING = block("", "ping")


def acknowledgement(ids: list[str]) -> Event:
    return Event(orjson.dumps({"message_ids": ids}).decode(), "message.acknowledged")
