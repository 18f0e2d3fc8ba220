"""The depth and the ancestors of a folder or comment, by one recursive query (WITH RECURSIVE)."""

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from app.constellations.models import Comment, Folder

# Levels below the root folder, or below a comment on the file itself. JSON encoders, SQLite's cascades
# (1,000) and clients that recurse all have a limit; this stays below each of them.
MAX_DEPTH = 100


def path(session: Session, model: type[Folder] | type[Comment], uuid: str) -> list[str]:
    """The uuids from `uuid` up to the top, both included."""
    start = select(model.uuid, model.parent_uuid).where(model.uuid == uuid)
    above = start.cte("above", recursive=True)
    parents = select(model.uuid, model.parent_uuid).join(above, model.uuid == above.c.parent_uuid)
    return list(session.scalars(select(above.union_all(parents).c.uuid)))


def height(session: Session, folder_uuid: str) -> int:
    """How many levels of folders are below this one."""
    start = select(Folder.uuid, literal(0).label("level")).where(Folder.uuid == folder_uuid)
    below = start.cte("below", recursive=True)
    children = select(Folder.uuid, below.c.level + 1).join(below, Folder.parent_uuid == below.c.uuid)
    return session.scalar(select(func.max(below.union_all(children).c.level))) or 0
