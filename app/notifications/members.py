"""Recipients and groups made by name where they are missing, and who belongs where.

Everything is made in one order, so that two who make the same things do not wait for each other in a circle.
To be called inside a transaction.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import exists, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth.models import now
from app.db.session import insert_missing, texts
from app.notifications.models import Group, GroupMember, Recipient


def make_recipients(session: Session, external_ids: Iterable[str]) -> int:
    """How many were missing."""
    return _make(session, Recipient, Recipient.external_id, external_ids)


def make_groups(session: Session, names: Iterable[str]) -> int:
    """How many were missing."""
    return _make(session, Group, Group.name, names)


def _make(
    session: Session, model: type[Any], column: InstrumentedAttribute[str], names: Iterable[str]
) -> int:
    name = texts(session, sorted(set(names))).subquery().c[0]
    missing = select(name.label(column.key), literal(now()).label("created_at"))
    return insert_missing(session, model, missing.where(~exists().where(column == name)).order_by(name))


def join(session: Session, names: Iterable[str], external_ids: Iterable[str]) -> None:
    """Every one of the recipients becomes a member of every one of the groups; those that there are."""
    pairs = (
        select(Group.id.label("group_id"), Recipient.id.label("recipient_id"))
        .join_from(Group, Recipient, Recipient.external_id.in_(texts(session, external_ids)))
        .where(Group.name.in_(texts(session, names)))
        .order_by(Group.id, Recipient.id)
    )
    insert_missing(session, GroupMember, pairs)
