"""Messages: stored for all recipients in one transaction, and published after the commit.

The database is the truth: outbox_relay.py publishes later what could not be published at once.
"""

from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import now
from app.db.session import kind_of, retried, texts_value, transaction
from app.errors import Conflict, Invalid
from app.notifications import live, shapes, statements
from app.notifications.lists import Listing, listing
from app.notifications.models import Delivery, IdempotencyKey, Message
from app.notifications.outbox_relay import relay_part
from app.web.identifiers import is_uuid, time_ordered_uuid
from app.web.paging import Page

KEYS_KEPT = timedelta(hours=24)

NO_TARGET = "Destiny is required"
KEY_REUSED = "This Idempotency-Key came with another body before"


class Notification(NamedTuple):
    """A payload for users and groups; `key` is the caller's Idempotency-Key."""

    caller: str
    users: list[str]
    groups: list[str]
    payload: str
    key: str | None = None

    @property
    def digest(self) -> str:
        """Equal for equal sets of users and groups with the same payload."""
        content = [sorted(set(self.users)), sorted(set(self.groups)), self.payload]
        return sha256(orjson.dumps(content)).hexdigest()


class SentMessage(NamedTuple):
    """`total` recipients get the message. `recipients` are their ids; None when an earlier call with the same
    key stored it."""

    id: str
    total: int
    recipients: list[int] | None = None

    @property
    def is_replayed(self) -> bool:
        return self.recipients is None


def send(notification: Notification) -> SentMessage:
    """Stores one message with a delivery for each recipient, and publishes it after the commit.

    Users that do not exist are created, groups are not. Raises Invalid without any target, Conflict for a key
    that came with another notification.
    """
    if not notification.users and not notification.groups:
        raise Invalid(NO_TARGET)
    sent = retried(lambda session: _store(session, notification))
    if sent.recipients is not None:
        relay_part.current.publish(sent.id, notification.payload, sent.recipients)
    return sent


def _store(session: Session, notification: Notification) -> SentMessage:
    kind, connection, id = kind_of(session), session.connection(), time_ordered_uuid()
    if notification.key is not None:
        earlier = _claim_key(session, notification, id)
        if earlier is not None:
            return earlier
    moment = now()
    users = sorted(set(notification.users))
    row = {"id": id, "payload": notification.payload, "created_at": moment}
    connection.execute(statements.add_message, row)
    targets = {"users": texts_value(kind, users), "groups": texts_value(kind, notification.groups)}
    if users:
        connection.execute(statements.create_recipients(kind), {**targets, "created_at": moment})
    recipients = list(connection.scalars(statements.deliver(kind), {**targets, "id": id}))
    if notification.key is not None:
        whose = {"of_caller": notification.caller, "of_key": notification.key}
        connection.execute(statements.count_recipients, {**whose, "total": len(recipients)})
    return SentMessage(id, len(recipients), recipients)


def _claim_key(session: Session, notification: Notification, id: str) -> SentMessage | None:
    """Claims the key for this notification; None when it was free, else what the earlier call stored."""
    moment = now()
    row: dict[str, Any] = {"caller": notification.caller, "key": notification.key}
    row |= {"digest": notification.digest, "message_id": id, "recipients": 0}
    row |= {"created_at": moment, "old": moment - KEYS_KEPT}
    if session.connection().execute(statements.claim_key(kind_of(session)), row).rowcount:
        return None
    found = session.get_one(IdempotencyKey, (notification.caller, notification.key))
    if found.digest != notification.digest:
        raise Conflict(KEY_REUSED)
    return SentMessage(found.message_id, found.recipients)


def acknowledge(external_id: str, ids: Iterable[str]) -> int:
    """Marks messages of a recipient as read, and publishes which to its streams; how many were unread.

    Unknown ids and an unknown recipient are ignored.
    """
    known = [id for id in ids if is_uuid(id)]
    with transaction() as session:
        kind = kind_of(session)
        values = {"user": external_id, "ids": texts_value(kind, known), "now": now()}
        read = sorted(tuple(row) for row in session.connection().execute(statements.mark_read(kind), values))
    if read:
        live.publish_acknowledged(read[0][0], [message_id for _, message_id in read])
    return len(read)


def list_inbox(recipient_id: int, is_all: bool, page: Page | None) -> Listing:
    """`{list: [{id, payload, read, created_at, read_at}], page, per_page, total}`, oldest first."""
    query = (
        select(Message.id, Message.payload, Message.created_at, Delivery.read_at)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.recipient_id == recipient_id)
        .order_by(Delivery.message_id)
    )
    found = listing(query if is_all else query.where(Delivery.read_at.is_(None)), page)
    return found.shown([shapes.message(*row) for row in found.rows])
