"""The deletion of an account, as far as constellations go."""

import logging
from collections.abc import Callable

from sqlalchemy import Subquery, case, delete, func, select
from sqlalchemy.orm import Session

from app.auth.models import User
from app.constellations import live, shapes
from app.constellations.models import Constellation, Membership
from app.constellations.rights import Rights
from app.db.session import UNSYNCHRONIZED
from app.errors import Invalid

LAST_ADMIN = "You are the last ADMIN of a constellation that has other members"

audit = logging.getLogger("hub.audit")


def remove_account(session: Session, user_uuid: str) -> Callable[[], None]:
    """Removes the user's memberships, and the constellations that have no other member.

    Call it inside the transaction that deletes the account, and call what it returns after the commit: that
    publishes `member.disconnected` and `constellation.deleted` and ends the streams concerned.
    Raises Invalid while the user is the last ADMIN of a constellation that has other members.
    """
    name = _lock(session, user_uuid)
    counts = _counts(user_uuid)
    mine = select(Membership.constellation_uuid, Membership.rights, counts.c.members, counts.c.admins)
    of_user = mine.join_from(
        Membership, counts, counts.c.constellation_uuid == Membership.constellation_uuid
    ).where(Membership.user_uuid == user_uuid)
    alone: list[str] = []
    shared: list[tuple[str, int]] = []
    for constellation_uuid, rights, members, admins in session.execute(of_user):
        if members == 1:
            alone.append(constellation_uuid)
        elif rights == Rights.ADMIN and admins == 1:
            raise Invalid(LAST_ADMIN)
        else:
            shared.append((constellation_uuid, rights))
    _remove(session, user_uuid)
    return lambda: _publish(user_uuid, name or "", shared, alone)


def _lock(session: Session, user_uuid: str) -> str | None:
    """Until the end of the transaction no other one can make the user a member, or change the user's
    constellations. Returns the user's name."""
    name = session.scalar(select(User.name).where(User.uuid == user_uuid).with_for_update())
    joined = Membership.constellation_uuid == Constellation.uuid
    own = select(Constellation.uuid).join(Membership, joined).where(Membership.user_uuid == user_uuid)
    session.execute(own.order_by(Constellation.uuid).with_for_update(of=Constellation)).all()
    return name


def _counts(user_uuid: str) -> Subquery:
    """How many members and ADMINs each of the user's constellations has."""
    own = select(Membership.constellation_uuid).where(Membership.user_uuid == user_uuid)
    admins = func.sum(case((Membership.rights == Rights.ADMIN, 1), else_=0)).label("admins")
    return (
        select(Membership.constellation_uuid, func.count().label("members"), admins)
        .where(Membership.constellation_uuid.in_(own))
        .group_by(Membership.constellation_uuid)
        .subquery()
    )


def _remove(session: Session, user_uuid: str) -> None:
    counts = _counts(user_uuid)
    alone = select(counts.c.constellation_uuid).where(counts.c.members == 1)
    session.execute(
        delete(Constellation).where(Constellation.uuid.in_(alone)),
        execution_options=UNSYNCHRONIZED,
    )
    session.execute(
        delete(Membership).where(Membership.user_uuid == user_uuid),
        execution_options=UNSYNCHRONIZED,
    )


def _publish(user_uuid: str, name: str, shared: list[tuple[str, int]], alone: list[str]) -> None:
    for constellation_uuid, rights in shared:
        left = {"by": user_uuid, "constellation": constellation_uuid, "user": user_uuid}
        audit.info("member.disconnected", extra={**left, "rights": Rights(rights).name})
        live.publish(constellation_uuid, "member.disconnected", shapes.member_news(user_uuid, name, rights))
        live.end_streams_of_member(constellation_uuid, user_uuid)
    for constellation_uuid in alone:
        audit.info("constellation deleted", extra={"user": user_uuid, "constellation": constellation_uuid})
        live.publish(constellation_uuid, "constellation.deleted", {"constellation_uuid": constellation_uuid})
        live.end_streams(constellation_uuid)
