"""The constellations themselves. Each write publishes after its commit."""

import logging
from typing import Any

from sqlalchemy import Select, and_, select

from app.auth import tokens
from app.constellations import live, shapes
from app.constellations.models import Constellation, Folder, Membership
from app.constellations.rights import Rights, hold_user, lock
from app.constellations.shapes import Shape
from app.db.session import transaction
from app.errors import NotFound, Unauthorized, absent
from app.extensions import db
from app.web.paging import Page, part

audit = logging.getLogger("hub.audit")


def list_of(user_uuid: str, page: Page | None) -> list[Shape]:
    """`[{constellation_uuid, name, description, rights}]`, the user's own, oldest first."""
    query = (
        select(Constellation.uuid, Constellation.name, Constellation.description, Membership.rights)
        .join(Membership, Membership.constellation_uuid == Constellation.uuid)
        .where(Membership.user_uuid == user_uuid)
        .order_by(Constellation.created_at, Constellation.uuid)
    )
    return [shapes.listed_constellation(*row) for row in db.session.execute(part(query, page))]


def create(user_uuid: str, name: str, description: str = "") -> Shape:
    """A constellation with its root folder and the user as ADMIN, as `get` shows it.

    Nothing is published: the topic can have no subscribers yet.
    """
    with transaction() as session:
        if hold_user(session, user_uuid) is None:
            raise Unauthorized(tokens.INVALID_OR_EXPIRED)
        made = Constellation(name=name, description=description)
        session.add(made)
        session.flush()
        root = Folder(constellation_uuid=made.uuid, parent_uuid=None, name=name)
        member = Membership(constellation_uuid=made.uuid, user_uuid=user_uuid, rights=Rights.ADMIN)
        session.add_all([root, member])
        session.flush()
        news = shapes.constellation_news(made, root.uuid)
    audit.info("constellation created", extra={"user": user_uuid, "constellation": made.uuid})
    return shapes.constellation(news, Rights.ADMIN)


def get(uuid: str, rights: Rights) -> Shape:
    """`{constellation_uuid, root_folder_uuid, name, description, created_at, rights}`; raises NotFound."""
    found = db.session.execute(_with_root(uuid)).first()
    if found is None:
        raise NotFound(absent("Constellation"))
    return shapes.constellation(shapes.constellation_news(*found), rights)


def change(user_uuid: str, uuid: str, changes: dict[str, Any]) -> Shape:
    """Applies name and description as given and answers as `get` does; raises NotFound, Forbidden.

    Publishes `constellation.updated` without `rights`: those are the reader's own.
    """
    with transaction() as session:
        rights = lock(session, uuid, user_uuid, Rights.WRITE)
        found, root_uuid = session.execute(_with_root(uuid)).one()
        found.name = changes.get("name", found.name)
        found.description = changes.get("description", found.description)
        news = shapes.constellation_news(found, root_uuid)
    live.publish(uuid, "constellation.updated", news)
    return shapes.constellation(news, rights)


def delete(user_uuid: str, uuid: str) -> None:
    """Removes the constellation and all that is in it; raises NotFound, Forbidden.

    Publishes `constellation.deleted` (`{constellation_uuid}`), then ends its streams.
    """
    with transaction() as session:
        lock(session, uuid, user_uuid, Rights.ADMIN)
        session.delete(session.get_one(Constellation, uuid))
    audit.info("constellation deleted", extra={"user": user_uuid, "constellation": uuid})
    live.publish(uuid, "constellation.deleted", {"constellation_uuid": uuid})
    live.end_streams(uuid)


def _with_root(uuid: str) -> Select[Constellation, str]:
    is_root = and_(Folder.constellation_uuid == Constellation.uuid, Folder.parent_uuid.is_(None))
    return select(Constellation, Folder.uuid).join(Folder, is_root).where(Constellation.uuid == uuid)
