"""The rights of members in constellations: READ < COMMENT < WRITE < ADMIN.

`require…` are the cheap checks before a body is read. Rights may change right after, so every write checks
again in its own transaction, behind the constellation's lock: `lock`, `lock_thing`.

Locks are taken in one order, which avoids deadlocks: users first, then constellations by uuid.
"""

from enum import IntEnum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from app.auth.cache import Cache
from app.auth.models import User
from app.constellations.models import Comment, Constellation, File, Folder, Membership
from app.errors import Forbidden, NotFound, absent
from app.extensions import Part, db
from app.web.identifiers import is_uuid

Thing = TypeVar("Thing", Folder, File)


class Rights(IntEnum):
    READ = 1
    COMMENT = 2
    WRITE = 3
    ADMIN = 4


NOT_A_MEMBER = "Not a member of this constellation"


def too_few(least: Rights) -> str:
    """The sentence that refuses a member whose rights are lower than these."""
    return f"Needs {least.name} rights in this constellation"


class Access(NamedTuple):
    """The constellation that a thing is in, and the caller's rights there."""

    constellation_uuid: str
    rights: Rights


known_rights: Part[Cache[tuple[str, str], Rights]] = Part("rights")


def find_rights(user_uuid: str, constellation_uuid: str) -> Rights | None:
    """The user's rights; None for a user who is no member, and for an absent or malformed constellation."""
    if not is_uuid(constellation_uuid):
        return None
    found = db.session.scalar(_rights(user_uuid, constellation_uuid.lower()))
    return None if found is None else Rights(found)


def require(user_uuid: str, constellation_uuid: str, least: Rights) -> Rights:
    """The user's rights; raises NotFound for an absent or malformed constellation, Forbidden for too few."""
    if not is_uuid(constellation_uuid):
        raise NotFound(absent("Constellation"))
    query = select(Constellation.uuid, Membership.rights).where(
        Constellation.uuid == constellation_uuid.lower()
    )
    return _judge(_first(query, Constellation.uuid, user_uuid), "Constellation", least).rights


def require_cached(user_uuid: str, constellation_uuid: str, least: Rights) -> Rights:
    """As `require`, for hot endpoints: the answer may be ten seconds old (see auth/cache.py)."""
    key = (user_uuid, constellation_uuid)
    rights = known_rights.current.get(key, lambda: require(user_uuid, constellation_uuid, Rights.READ))
    return _enough(rights, least)


def require_folder(user_uuid: str, folder_uuid: str, least: Rights) -> Access:
    """The access to the folder; raises NotFound, Forbidden."""
    query = select(Folder.constellation_uuid, Membership.rights).where(Folder.uuid == folder_uuid)
    return _judge(_first(query, Folder.constellation_uuid, user_uuid), "Folder", least)


def require_file(user_uuid: str, file_uuid: str, least: Rights) -> Access:
    """The access to the file; raises NotFound, Forbidden."""
    query = select(File.constellation_uuid, Membership.rights).where(File.uuid == file_uuid)
    return _judge(_first(query, File.constellation_uuid, user_uuid), "File", least)


def require_comment(user_uuid: str, file_uuid: str, comment_uuid: str, least: Rights) -> Access:
    """The access to the comment; raises NotFound (also for a comment on another file), Forbidden."""
    query = (
        select(File.constellation_uuid, Membership.rights, Comment.uuid)
        .outerjoin(Comment, and_(Comment.file_uuid == File.uuid, Comment.uuid == comment_uuid))
        .where(File.uuid == file_uuid)
    )
    found = _first(query, File.constellation_uuid, user_uuid)
    if found is not None and found.uuid is None:
        raise NotFound(absent("Comment"))
    return _judge(found, "File", least)


def lock(session: Session, constellation_uuid: str, user_uuid: str, least: Rights) -> Rights:
    """Locks the constellation against other writes until this transaction ends, and checks the rights again.

    Raises NotFound, Forbidden. A row lock in PostgreSQL; on SQLite `transaction` holds the write lock.
    """
    query = select(Constellation.uuid).where(Constellation.uuid == constellation_uuid).with_for_update()
    if session.scalar(query) is None:
        raise NotFound(absent("Constellation"))
    # A statement of its own: in PostgreSQL it sees the commits that came before the lock was granted.
    return _enough(session.scalar(_rights(user_uuid, constellation_uuid)), least)


def lock_thing(
    session: Session, model: type[Thing], uuid: str, user_uuid: str, least: Rights
) -> tuple[Thing, Rights]:
    """The folder or file as it is behind its constellation's lock, and the user's rights there.

    Raises NotFound, Forbidden.
    """
    constellation_uuid = session.scalar(select(model.constellation_uuid).where(model.uuid == uuid))
    if constellation_uuid is not None:
        rights = lock(session, constellation_uuid, user_uuid, least)
        thing = session.get(model, uuid)
        if thing is not None:
            return thing, rights
    raise NotFound(absent(model.__name__))


def hold_user(session: Session, user_uuid: str) -> str | None:
    """Keeps the account from being deleted before this transaction ends; its name, None when absent.

    For rows that refer to a user. Call it before `lock`: the deletion of an account locks in that order too.
    """
    query = select(User.name).where(User.uuid == user_uuid)
    return session.scalar(query.with_for_update(read=True, key_share=True))


def _rights(user_uuid: str, constellation_uuid: str) -> Select[int]:
    return select(Membership.rights).where(
        Membership.constellation_uuid == constellation_uuid, Membership.user_uuid == user_uuid
    )


def _first(
    query: Select[*tuple[Any, ...]], constellation_uuid: Any, user_uuid: str
) -> Row[*tuple[Any, ...]] | None:
    mine = and_(Membership.constellation_uuid == constellation_uuid, Membership.user_uuid == user_uuid)
    return db.session.execute(query.outerjoin(Membership, mine)).first()


def _judge(found: Row[*tuple[Any, ...]] | None, what: str, least: Rights) -> Access:
    if found is None:
        raise NotFound(absent(what))
    return Access(found[0], _enough(found.rights, least))


def _enough(rights: int | None, least: Rights) -> Rights:
    if rights is None:
        raise Forbidden(NOT_A_MEMBER)
    if rights < least:
        raise Forbidden(too_few(least))
    return Rights(rights)
