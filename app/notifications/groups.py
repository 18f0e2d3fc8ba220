"""Groups of recipients. A message to a group reaches its members at the time of sending."""

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.db.session import affect, insert_missing, retried, transaction
from app.errors import NotFound, absent
from app.notifications import recipients, shapes
from app.notifications.lists import Listing, listing
from app.notifications.models import Group, GroupMember, Recipient
from app.notifications.shapes import Shape
from app.web.paging import Page

LONGEST_ID = 9  # digits that fit into PostgreSQL's integer
NO_GROUP, NOT_A_MEMBER = absent("Group"), "User is not a member of this group"


def list_all(page: Page | None) -> Listing:
    """`{list: [{id, name, members}], page, per_page, total}`, oldest first; `members` is their number."""
    size = select(func.count()).where(GroupMember.group_id == Group.id).scalar_subquery()
    found = listing(select(Group.id, Group.name, size.label("members")).order_by(Group.id), page)
    return found.shown([shapes.group(*row) for row in found.rows])


def create(name: str, users: list[str]) -> tuple[Shape, bool]:
    """`{id, name, users}` and whether the group is new.

    The users are added to an existing group too. Users that do not exist are created.
    """

    def make(session: Session) -> tuple[Shape, bool]:
        recipients.create_missing(session, users)
        is_new = bool(recipients.create_missing_groups(session, [name]))
        group_id = session.scalars(select(Group.id).where(Group.name == name)).one()
        recipients.add_to_groups(session, [name], users)
        joined = (
            select(Recipient.external_id)
            .join(GroupMember, GroupMember.recipient_id == Recipient.id)
            .where(GroupMember.group_id == group_id)
            .order_by(Recipient.id)
        )
        return shapes.group_of_users(group_id, name, list(session.scalars(joined))), is_new

    return retried(make)


def remove(group: str) -> None:
    """Raises NotFound. Messages that were sent to the group stay in the inboxes of its members."""
    with transaction() as session:
        if not affect(session, delete(Group).where(_named(group))):
            raise NotFound(NO_GROUP)


def add_member(group: str, external_id: str) -> None:
    """Changes nothing for a user that is a member already; raises NotFound for the group and for the user."""
    retried(lambda session: insert_missing(session, GroupMember, _find_pair(session, group, external_id)))


def remove_member(group: str, external_id: str) -> None:
    """Raises NotFound for the group, for the user, and for a user that is no member."""
    with transaction() as session:
        pair = _find_pair(session, group, external_id)
        same = [getattr(GroupMember, name) == value for name, value in pair.items()]
        if not affect(session, delete(GroupMember).where(*same)):
            raise NotFound(NOT_A_MEMBER)


def _find_pair(session: Session, group: str, external_id: str) -> dict[str, int]:
    group_id = session.scalar(select(Group.id).where(_named(group)))
    if group_id is None:
        raise NotFound(NO_GROUP)
    return {"group_id": group_id, "recipient_id": recipients.find(external_id)}


def _named(group: str) -> ColumnElement[bool]:
    """The condition for a group: digits are its id, anything else is its name."""
    if not (group.isascii() and group.isdigit()):
        return Group.name == group
    return Group.id == (int(group) if len(group) <= LONGEST_ID else 0)
