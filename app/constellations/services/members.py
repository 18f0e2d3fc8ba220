"""The members of a constellation and their rights. There is always an ADMIN."""

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.constellations import live, shapes
from app.constellations.models import Membership
from app.constellations.rights import NOT_A_MEMBER, Rights, hold_user, lock, too_few
from app.constellations.shapes import Shape
from app.db.session import transaction
from app.errors import Forbidden, Invalid, NotFound, absent
from app.extensions import db
from app.web.paging import Page, part

LAST_ADMIN = "The last ADMIN of a constellation can't be removed or lowered"

audit = logging.getLogger("hub.audit")


def list_in(constellation_uuid: str, page: Page | None) -> list[Shape]:
    """`[{uuid, name, rights}]` by name."""
    query = (
        select(User.uuid, User.name, Membership.rights)
        .join(Membership, Membership.user_uuid == User.uuid)
        .where(Membership.constellation_uuid == constellation_uuid)
        .order_by(User.name)
    )
    return [shapes.listed_member(*row) for row in db.session.execute(part(query, page))]


def connect(caller: str, constellation_uuid: str, user_uuid: str, rights: Rights) -> None:
    """Makes the user a member with these rights, or changes a member's rights to them.

    Publishes `member.connected` or `member.changed`. Raises NotFound, Forbidden, and Invalid where the
    last ADMIN would be lowered.
    """
    with transaction() as session:
        name = hold_user(session, user_uuid)
        lock(session, constellation_uuid, caller, Rights.ADMIN)
        if name is None:
            raise NotFound(absent("User"))
        member = session.get(Membership, (constellation_uuid, user_uuid))
        kind = "member.connected" if member is None else "member.changed"
        if member is None:
            session.add(Membership(constellation_uuid=constellation_uuid, user_uuid=user_uuid, rights=rights))
        else:
            if rights < Rights.ADMIN:
                _require_other_admin(session, member)
            member.rights = rights
    _audit(kind, caller, constellation_uuid, user_uuid, rights)
    if kind == "member.changed":
        live.invalidate_rights()
    live.publish(constellation_uuid, kind, shapes.member_news(user_uuid, name, rights))


def require_may_remove(caller: str, rights: Rights, user_uuid: str) -> None:
    """An ADMIN removes any member, other members only themselves; raises Forbidden."""
    if rights < Rights.ADMIN and user_uuid != caller:
        raise Forbidden(too_few(Rights.ADMIN))


def disconnect(caller: str, constellation_uuid: str, user_uuid: str) -> None:
    """Removes the member, publishes `member.disconnected` and ends the member's streams.

    Raises NotFound (also for a user who is no member), Forbidden, and Invalid for the last ADMIN.
    """
    with transaction() as session:
        rights = lock(session, constellation_uuid, caller, Rights.READ)
        require_may_remove(caller, rights, user_uuid)
        member = session.get(Membership, (constellation_uuid, user_uuid))
        if member is None:
            raise NotFound(NOT_A_MEMBER)
        _require_other_admin(session, member)
        name = session.scalars(select(User.name).where(User.uuid == user_uuid)).one()
        shown = shapes.member_news(user_uuid, name, member.rights)
        session.delete(member)
    _audit("member.disconnected", caller, constellation_uuid, user_uuid, Rights[shown["rights"]])
    live.publish(constellation_uuid, "member.disconnected", shown)
    live.end_streams_of_member(constellation_uuid, user_uuid)


def _require_other_admin(session: Session, member: Membership) -> None:
    if member.rights < Rights.ADMIN:
        return
    others = select(Membership.user_uuid).where(
        Membership.constellation_uuid == member.constellation_uuid,
        Membership.user_uuid != member.user_uuid,
        Membership.rights == Rights.ADMIN,
    )
    if session.scalar(others.limit(1)) is None:
        raise Invalid(LAST_ADMIN)


def _audit(kind: str, caller: str, constellation_uuid: str, user_uuid: str, rights: Rights) -> None:
    told = {"by": caller, "constellation": constellation_uuid, "user": user_uuid, "rights": rights.name}
    audit.info(kind, extra=told)
