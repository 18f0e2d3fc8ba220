"""Messages: stored for every recipient in one transaction, and published after it.

The database is the truth. What could not be published is still delivered: see courier.py.
"""

from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

import orjson
from sqlalchemy import ColumnElement, Select, delete, insert, literal, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.models import now
from app.database import affect, insert_missing, texts, transaction
from app.errors import Conflict, Invalid, Unavailable
from app.extensions import db, engine
from app.identifiers import is_uuid, time_ordered_uuid
from app.notifications import members, shapes
from app.notifications.lists import Listing, listing
from app.notifications.models import Delivery, Group, GroupMember, IdempotencyKey, Message, Recipient
from app.paging import Page
from app.realtime import topics

KEYS_KEPT = timedelta(hours=24)
ATTEMPTS = 3


class Notice(NamedTuple):
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


def store(notice: Notice) -> Stored:
    """One message with a delivery for each recipient. Users who do not exist are made, groups are not.

    Raises Invalid without any target, Conflict for a key that came with another notice.
    """
    if not notice.users and not notice.groups:
        raise Invalid("Destiny is required")
    for _ in range(ATTEMPTS):
        try:
            with transaction() as session:
                return _store(session, notice)
        except IntegrityError:
            continue  # somebody was deleted between being found and being given the message
    raise Unavailable()


def _store(session: Session, notice: Notice) -> Stored:
    id = time_ordered_uuid()
    if notice.key is not None:
        earlier = _claim(session, notice, id)
        if earlier is not None:
            return earlier
    session.execute(insert(Message).values(id=id, payload=notice.payload, created_at=now()))
    members.make_recipients(session, notice.users)
    total = insert_missing(session, Delivery, _deliveries(session, notice, id))
    if notice.key is not None:
        affect(session, update(IdempotencyKey).where(*_same_key(notice)).values(recipients=total))
    reached = select(Delivery.recipient_id).where(Delivery.message_id == id)
    return Stored(id, total, list(session.scalars(reached)))


def _deliveries(session: Session, notice: Notice, id: str) -> Select[str, int]:
    named = select(Recipient.id).where(Recipient.external_id.in_(texts(session, notice.users)))
    in_groups = (
        select(GroupMember.recipient_id)
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.name.in_(texts(session, notice.groups)))
    )
    reached = union(named, in_groups).subquery()
    return select(literal(id).label("message_id"), reached.c.id.label("recipient_id")).where(literal(True))


def _claim(session: Session, notice: Notice, id: str) -> Stored | None:
    """Takes the key for this notice; None when it was free, else what it stands for.

    Of two calls at once the second waits here until the first has committed.
    """
    old = IdempotencyKey.created_at < now() - KEYS_KEPT
    affect(session, delete(IdempotencyKey).where(*_same_key(notice), old))
    values = {"caller": notice.caller, "key": notice.key, "digest": notice.digest, "created_at": now()}
    if insert_missing(session, IdempotencyKey, {**values, "message_id": id, "recipients": 0}):
        return None
    found = session.scalars(select(IdempotencyKey).where(*_same_key(notice))).one()
    if found.digest != notice.digest:
        raise Conflict("This Idempotency-Key came with another body before")
    return Stored(found.message_id, found.recipients)


def _same_key(notice: Notice) -> tuple[ColumnElement[bool], ...]:
    return IdempotencyKey.caller == notice.caller, IdempotencyKey.key == notice.key


def acknowledge(external_id: str, ids: Iterable[str]) -> int:
    """Marks messages of a recipient as read; how many were not yet. The recipient's streams are told which.

    Unknown ids, and an unknown recipient, count as nothing.
    """
    known = [id for id in ids if is_uuid(id)]
    with transaction() as session:
        recipient_id = session.scalar(select(Recipient.id).where(Recipient.external_id == external_id))
        unread = (
            update(Delivery)
            .where(Delivery.recipient_id == recipient_id, Delivery.read_at.is_(None))
            .where(Delivery.message_id.in_(texts(session, known)))
            .values(read_at=now())
            .returning(Delivery.message_id)
            .execution_options(synchronize_session=False)
        )
        read = sorted(session.scalars(unread))
    if read:
        engine.publish_committed(topics.inbox(str(recipient_id)), shapes.acknowledgement(read))
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
    query = (
        select(Message.id, Message.payload)
        .join(Delivery, Delivery.message_id == Message.id)
        .where(Delivery.recipient_id == recipient_id, Delivery.read_at.is_(None))
        .where(Delivery.message_id > after)
        .order_by(Delivery.message_id)
        .limit(most)
    )
    return [(id, payload) for id, payload in db.session.execute(query)]
