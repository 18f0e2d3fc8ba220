"""Recipients: named by the calling application, made when they are first spoken of."""

import logging

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.auth import subscribers
from app.auth.subscribers import Subscription
from app.db.session import retried, transaction
from app.errors import NotFound, Unauthorized
from app.extensions import db, engine
from app.notifications import members, shapes, topics
from app.notifications.lists import Listing, listing
from app.notifications.models import Group, GroupMember, Recipient
from app.notifications.shapes import Shape
from app.web.paging import Page

audit = logging.getLogger("hub.audit")


def list_all(page: Page | None) -> Listing:
    """`{list: [{id, external_id, created_at}], page, per_page, total}`, oldest first."""
    found = listing(select(Recipient).order_by(Recipient.id), page)
    return found.shown([shapes.recipient(row) for (row,) in found.rows])


def create(external_id: str, group_names: list[str]) -> tuple[Shape, bool]:
    """`{id, external_id, groups, created_at}` and whether the recipient is new; an old one joins the groups
    that are named all the same. Groups that do not exist are made."""

    def make(session: Session) -> tuple[Shape, bool]:
        is_new = bool(members.make_recipients(session, [external_id]))
        found = session.scalars(select(Recipient).where(Recipient.external_id == external_id)).one()
        members.make_groups(session, group_names)
        members.join(session, group_names, [external_id])
        joined = select(Group.name).join(GroupMember, GroupMember.group_id == Group.id)
        names = session.scalars(joined.where(GroupMember.recipient_id == found.id))
        return {**shapes.recipient(found), "groups": sorted(names)}, is_new

    return retried(make)


def find(external_id: str) -> int:
    """The recipient's id; raises NotFound."""
    found = db.session.scalar(select(Recipient.id).where(Recipient.external_id == external_id))
    if found is None:
        raise NotFound("User not found")
    return found


def arrive(subscription: Subscription) -> int:
    """The id of the recipient who opens a stream, made now if it is not there yet. Raises Unauthorized for
    one that was deleted since its token was read."""
    query = select(Recipient.id).where(Recipient.external_id == subscription.external_id)
    found = db.session.scalar(query)
    if found is not None:
        return found

    def make(session: Session) -> int:
        if subscribers.is_revoked(session, subscription.claims):
            raise Unauthorized("Invalid token")
        members.make_recipients(session, [subscription.external_id])
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
            raise NotFound("User not found")
        version = subscribers.revoke_all(session, external_id)
        session.execute(delete(Recipient).where(Recipient.id == recipient_id))
    audit.info("recipient deleted", extra={"recipient": external_id, "by": by})
    engine.disconnect("deleted", topic=topics.inbox(recipient_id))
    engine.disconnect("deleted", user=subscribers.subject(external_id), version=version)
