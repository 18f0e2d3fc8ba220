"""Recipients: the calling application names them, and the hub creates them when it first meets a name.

Rows are created in one order everywhere, so that two transactions that create the same rows do not wait for
each other in a circle.
"""

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, exists, literal, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.auth import subscribers, tokens
from app.auth.models import now
from app.auth.subscribers import Subscription
from app.db.session import insert_missing, retried, texts, transaction
from app.errors import NotFound, Unauthorized, absent
from app.extensions import db
from app.notifications import live, shapes
from app.notifications.lists import Listing, listing
from app.notifications.models import Group, GroupMember, Recipient
from app.notifications.shapes import Shape
from app.web.paging import Page

audit = logging.getLogger("hub.audit")

NO_USER = absent("User")


def list_all(page: Page | None) -> Listing:
    """`{list: [{id, external_id, created_at}], page, per_page, total}`, oldest first."""
    found = listing(select(Recipient).order_by(Recipient.id), page)
    return found.shown([shapes.recipient(row) for (row,) in found.rows])


def create(external_id: str, group_names: list[str]) -> tuple[Shape, bool]:
    """`{id, external_id, groups, created_at}` and whether the recipient is new.

    An existing recipient joins the groups too. Groups that do not exist are created.
    """

    def make(session: Session) -> tuple[Shape, bool]:
        is_new = bool(create_missing(session, [external_id]))
        found = session.scalars(select(Recipient).where(Recipient.external_id == external_id)).one()
        create_missing_groups(session, group_names)
        add_to_groups(session, group_names, [external_id])
        joined = select(Group.name).join(GroupMember, GroupMember.group_id == Group.id)
        names = session.scalars(joined.where(GroupMember.recipient_id == found.id))
        return shapes.recipient_in_groups(found, sorted(names)), is_new

    return retried(make)


def find(external_id: str) -> int:
    """The recipient's id; raises NotFound."""
    found = db.session.scalar(select(Recipient.id).where(Recipient.external_id == external_id))
    if found is None:
        raise NotFound(NO_USER)
    return found


def find_or_create(subscription: Subscription) -> int:
    """The id of the recipient that opens a stream. Raises Unauthorized for one that was deleted since its
    token was read."""
    query = select(Recipient.id).where(Recipient.external_id == subscription.external_id)
    found = db.session.scalar(query)
    if found is not None:
        return found

    def make(session: Session) -> int:
        if subscribers.is_revoked(session, subscription.claims):
            raise Unauthorized(tokens.INVALID)
        create_missing(session, [subscription.external_id])
        return session.scalars(query).one()

    return retried(make)


def remove(external_id: str, by: str) -> None:
    """Deletes the recipient with its inbox and memberships, revokes its tokens and ends its streams.

    Raises NotFound.
    """
    with transaction() as session:
        query = select(Recipient.id).where(Recipient.external_id == external_id).with_for_update()
        recipient_id = session.scalar(query)
        if recipient_id is None:
            raise NotFound(NO_USER)
        version = subscribers.revoke_all(session, external_id)
        session.execute(delete(Recipient).where(Recipient.id == recipient_id))
    audit.info("recipient deleted", extra={"recipient": external_id, "by": by})
    live.end_streams(recipient_id, external_id, version)


# Inside a caller's transaction


def create_missing(session: Session, external_ids: Iterable[str]) -> int:
    """How many recipients were missing."""
    return _create_missing(session, Recipient, Recipient.external_id, external_ids)


def create_missing_groups(session: Session, names: Iterable[str]) -> int:
    """How many groups were missing."""
    return _create_missing(session, Group, Group.name, names)


def _create_missing(
    session: Session, model: type[Any], column: InstrumentedAttribute[str], names: Iterable[str]
) -> int:
    name = texts(session, sorted(set(names))).subquery().c[0]
    missing = select(name.label(column.key), literal(now()).label("created_at"))
    return insert_missing(session, model, missing.where(~exists().where(column == name)).order_by(name))


def add_to_groups(session: Session, group_names: Iterable[str], external_ids: Iterable[str]) -> None:
    """Each of the recipients becomes a member of each of the groups; names that do not exist are ignored."""
    pairs = (
        select(Group.id.label("group_id"), Recipient.id.label("recipient_id"))
        .join_from(Group, Recipient, Recipient.external_id.in_(texts(session, external_ids)))
        .where(Group.name.in_(texts(session, group_names)))
        .order_by(Group.id, Recipient.id)
    )
    insert_missing(session, GroupMember, pairs)
