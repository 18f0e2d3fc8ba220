"""Groups of recipients. A message to a group reaches who is a member when it is sent."""

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from app.db.session import affect, insert_missing, retried, transaction
from app.errors import NotFound
from app.notifications import recipients
from app.notifications.lists import Listing, listing
from app.notifications.models import Group, GroupMember, Recipient
from app.notifications.shapes import Shape
from app.web.paging import Page

LONGEST_ID = 9  # digits, of what PostgreSQL's integers hold


def list_all(page: Page | None) -> Listing:
    """`{list: [{id, name, members}], page, per_page, total}`, oldest first; `members` is how many."""
    size = select(func.count()).where(GroupMember.group_id == Group.id).scalar_subquery()
    found = listing(select(Group.id, Group.name, size.label("members")).order_by(Group.id), page)
    return found.shown([{"id": id, "name": name, "members": count} for id, name, count in found.rows])


def create(name: str, users: list[str]) -> tuple[Shape, bool]:
    """`{id, name, users}` and whether the group is new; to an old one the users are added. Those that do
    not exist are made."""

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
        return {"id": group_id, "name": name, "users": list(session.scalars(joined))}, is_new

    return retried(make)


def remove(group: str) -> None:
    """Raises NotFound. Messages that were sent to the group stay with who got them."""
    with transaction() as session:
        if not affect(session, delete(Group).where(_named(group))):
            raise NotFound("Group not found")


def add_member(group: str, external_id: str) -> None:
    """Harmless for who is one already; raises NotFound for the group and for the user."""
    retried(lambda session: insert_missing(session, GroupMember, _find_pair(session, group, external_id)))


def remove_member(group: str, external_id: str) -> None:
    """Raises NotFound, also for who is no member."""
    with transaction() as session:
        pair = _find_pair(session, group, external_id)
        same = [getattr(GroupMember, name) == value for name, value in pair.items()]
        if not affect(session, delete(GroupMember).where(*same)):
            raise NotFound("User is not a member of this group")


def _find_pair(session: Session, group: str, external_id: str) -> dict[str, int]:
    group_id = session.scalar(select(Group.id).where(_named(group)))
    if group_id is None:
        raise NotFound("Group not found")
    return {"group_id": group_id, "recipient_id": recipients.find(external_id)}


def _named(group: str) -> ColumnElement[bool]:
    """By its id when it is all digits, else by its name."""
    if not (group.isascii() and group.isdigit()):
        return Group.name == group
    return Group.id == (int(group) if len(group) <= LONGEST_ID else 0)
