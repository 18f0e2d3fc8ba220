"""Messages: stored for every recipient in one transaction, and published after it.

The database is the truth. What could not be published is still delivered: see courier.py.
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
from app.extensions import db, engine
from app.notifications import shapes, statements, topics
from app.notifications.lists import Listing, listing
from app.notifications.models import Delivery, IdempotencyKey, Message
from app.web.identifiers import is_uuid, time_ordered_uuid
from app.web.paging import Page

KEYS_KEPT = timedelta(hours=24)


class Notification(NamedTuple):
    """What a caller wants told to whom; `key` is its Idempotency-Key."""

    caller: str
    users: list[str]
    groups: list[str]
    payload: str
    key: str | None = None

    @property
    def digest(self) -> str:
        """The same for what means the same."""
        meant = [sorted(set(self.users)), sorted(set(self.groups)), self.payload]
        return sha256(orjson.dumps(meant)).hexdigest()


class Stored(NamedTuple):
    """`total` is how many get it, `recipients` are their ids; None for the answer to an earlier call, which
    is only told again."""

    id: str
    total: int
    recipients: list[int] | None = None


def store(notice: Notification) -> Stored:
    """One message with a delivery for each recipient. Users who do not exist are made, groups are not.

    Raises Invalid without any target, Conflict for a key that came with another notice.
    """
    if not notice.users and not notice.groups:
        raise Invalid("Destiny is required")
    return retried(lambda session: _store(session, notice))


def _store(session: Session, notice: Notification) -> Stored:
    kind, connection, id = kind_of(session), session.connection(), time_ordered_uuid()
    if notice.key is not None:
        earlier = _claim(session, notice, id)
        if earlier is not None:
            return earlier
    moment = now()
    users = sorted(set(notice.users))
    row = {"id": id, "payload": notice.payload, "created_at": moment}
    connection.execute(statements.add_message, row)
    targets = {"users": texts_value(kind, users), "groups": texts_value(kind, notice.groups)}
    if users:
        connection.execute(statements.make_recipients(kind), {**targets, "created_at": moment})
    recipients = list(connection.scalars(statements.deliver(kind), {**targets, "id": id}))
    if notice.key is not None:
        whose = {"of_caller": notice.caller, "of_key": notice.key}
        connection.execute(statements.count_recipients, {**whose, "total": len(recipients)})
    return Stored(id, len(recipients), recipients)


def _claim(session: Session, notice: Notification, id: str) -> Stored | None:
    """Takes the key for this notice; None when it was free, else what it stands for."""
    moment = now()
    row: dict[str, Any] = {"caller": notice.caller, "key": notice.key, "digest": notice.digest}
    row |= {"message_id": id, "recipients": 0, "created_at": moment, "old": moment - KEYS_KEPT}
    if session.connection().execute(statements.claim_key(kind_of(session)), row).rowcount:
        return None
    found = session.get_one(IdempotencyKey, (notice.caller, notice.key))
    if found.digest != notice.digest:
        raise Conflict("This Idempotency-Key came with another body before")
    return Stored(found.message_id, found.recipients)


def acknowledge(external_id: str, ids: Iterable[str]) -> int:
    """Marks messages of a recipient as read; how many were not yet. The recipient's streams are told which.

    Unknown ids, and an unknown recipient, count as nothing.
    """
    known = [id for id in ids if is_uuid(id)]
    with transaction() as session:
        kind = kind_of(session)
        values = {"user": external_id, "ids": texts_value(kind, known), "now": now()}
        read = sorted(tuple(row) for row in session.connection().execute(statements.read(kind), values))
    if read:
        ids = [message_id for _, message_id in read]
        engine.publish_committed(topics.inbox(read[0][0]), shapes.acknowledgement(ids))
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


def read_unread(recipient_id: int, after: str, most: int) -> list[tuple[str, str]]:
    """Ids and payloads of a page of unread messages that follow `after`, oldest first."""
    values = {"recipient": recipient_id, "after": after, "most": most}
    return [(id, payload) for id, payload in db.session.connection().execute(statements.unread_page, values)]
