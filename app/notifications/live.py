"""What a recipient's streams show: its topic, what is published on it, how a stream begins, who may read."""

from collections.abc import Callable, Iterator

import orjson
from flask import Flask

from app.apidocs.channel import CLOSED, ChannelMessage
from app.apidocs.json_schema import Object, array, exactly, text, uuid
from app.auth import subscribers
from app.extensions import db, engine
from app.notifications import statements
from app.notifications.models import Recipient
from app.notifications.shapes import MESSAGE_ID, PAYLOAD
from app.realtime.claims import Claims
from app.realtime.event import Event
from app.realtime.streams import sse

KIND, ACKNOWLEDGED = "inbox", "message.acknowledged"
PAGE_MESSAGES = 200


def topic(recipient_id: int) -> str:
    return f"{KIND}:{recipient_id}"


def message_event(id: str, payload: str) -> Event:
    return Event(_data(id, payload), id=id)


def publish_acknowledged(recipient_id: int, message_ids: list[str]) -> None:
    """Tells the recipient's streams which messages were acknowledged. Call it after the commit."""
    data = orjson.dumps({"message_ids": message_ids}).decode()
    engine.publish_committed(topic(recipient_id), Event(data, ACKNOWLEDGED))


def end_streams(recipient_id: int, external_id: str, version: int) -> None:
    """Ends the streams of a deleted recipient on every worker: those of its topic, and those whose token has
    a version before `version`."""
    engine.disconnect("deleted", topic=topic(recipient_id))
    engine.disconnect("deleted", user=subscribers.subject(external_id), version=version)


def snapshot(app: Flask, recipient_id: int) -> Callable[[], Iterator[tuple[str, bytes]]]:
    """How a stream begins: with every unread message, oldest first, or with a ping where there is none."""

    def read() -> Iterator[tuple[str, bytes]]:
        """Event ids and events, page by page; no database connection is held between two pages."""
        last = ""
        while True:
            with app.app_context():
                page = read_unread(recipient_id, last, PAGE_MESSAGES)
            for id, payload in page:
                yield id, sse.encode(_data(id, payload), id=id)
            if not last and not page:
                yield "ping", sse.encode(_data("", "ping"), id="")
            if len(page) < PAGE_MESSAGES:
                return
            last = page[-1][0]

    return read


def read_unread(recipient_id: int, after: str, most: int) -> list[tuple[str, str]]:
    """Ids and payloads of at most `most` unread messages that follow `after`, oldest first."""
    values = {"recipient": recipient_id, "after": after, "most": most}
    return [(id, payload) for id, payload in db.session.connection().execute(statements.unread_page, values)]


def why_not_read(app: Flask, claims: Claims, name: str) -> str | None:
    """The reason to end a stream whose bearer may no longer read the topic; None while it may."""
    with app.app_context():
        recipient = db.session.get(Recipient, int(name.partition(":")[2]))
        if recipient is None:
            return "deleted"
        return "logged_out" if subscribers.is_revoked(db.session(), claims) else None


def _data(id: str, payload: str) -> str:
    return orjson.dumps({"id": id, "payload": payload, "read": False}).decode()


# The messages of the topic, for the AsyncAPI document

_UNREAD = ChannelMessage(
    name="message",
    summary="A message that is not acknowledged yet",
    payload=Object(
        "InboxMessage", {"id": uuid(MESSAGE_ID), "payload": text(PAYLOAD), "read": exactly(False)}
    ),
    id={"type": "string", "format": "uuid"},
)
_PING = ChannelMessage(
    name="ping",
    summary="The first event where nothing waits",
    payload=Object("InboxPing", {"id": exactly(""), "payload": exactly("ping"), "read": exactly(False)}),
    id={"const": ""},
)
_ACKNOWLEDGED = ChannelMessage(
    name=ACKNOWLEDGED,
    summary="These were acknowledged, by whomever",
    event=ACKNOWLEDGED,
    payload=Object("MessagesAcknowledged", {"message_ids": array(uuid(MESSAGE_ID))}),
)
MESSAGES = (_UNREAD, _PING, _ACKNOWLEDGED, CLOSED)
