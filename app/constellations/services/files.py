"""Text files in folders."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import undefer

from app.constellations import live, shapes
from app.constellations.models import File, Folder
from app.constellations.rights import Rights, lock_thing
from app.constellations.services import folders
from app.constellations.shapes import Shape
from app.db.session import transaction
from app.errors import NotFound, absent
from app.extensions import db
from app.web.paging import Page, part


def list_in(folder_uuid: str, page: Page | None) -> list[Shape]:
    """`[{file_uuid, name, folder_uuid}]` by name."""
    query = select(File.uuid, File.name).where(File.folder_uuid == folder_uuid)
    rows = db.session.execute(part(query.order_by(File.name, File.uuid), page))
    return [shapes.listed_file(uuid, name, folder_uuid) for uuid, name in rows]


def get(file_uuid: str) -> Shape:
    """`{file_uuid, name, content, folder_uuid}`; raises NotFound."""
    found = db.session.get(File, file_uuid, options=[undefer(File.content)])
    if found is None:
        raise NotFound(absent("File"))
    return shapes.file(found)


def create(user_uuid: str, folder_uuid: str, **values: Any) -> Shape:
    """A file in that folder, as `get` shows it; publishes `file.created`. Raises NotFound, Forbidden.

    `values` are the other fields of `schemas.NewFile`.
    """
    with transaction() as session:
        folder, _ = lock_thing(session, Folder, folder_uuid, user_uuid, Rights.WRITE)
        made = File(constellation_uuid=folder.constellation_uuid, folder_uuid=folder.uuid, **values)
        session.add(made)
        session.flush()
        shown = shapes.file(made)
    live.publish(made.constellation_uuid, "file.created", shapes.file_news(shown))
    return shown


def change(user_uuid: str, file_uuid: str, changes: dict[str, Any]) -> Shape:
    """Applies the fields of `schemas.FileChanges` that are given; publishes `file.updated`.

    Raises NotFound, Forbidden, and Invalid for a folder in another constellation.
    """
    with transaction() as session:
        file, _ = lock_thing(session, File, file_uuid, user_uuid, Rights.WRITE)
        if "folder_uuid" in changes:
            folders.get_target(session, file.constellation_uuid, changes["folder_uuid"])
        for field, value in changes.items():
            setattr(file, field, value)
        shown = shapes.file(file)
    live.publish(file.constellation_uuid, "file.updated", shapes.file_news(shown))
    return shown


def delete(user_uuid: str, file_uuid: str) -> None:
    """Removes the file and its comments; publishes `file.deleted` (`{file_uuid}`).

    Raises NotFound, Forbidden.
    """
    with transaction() as session:
        file, _ = lock_thing(session, File, file_uuid, user_uuid, Rights.WRITE)
        session.delete(file)
    live.publish(file.constellation_uuid, "file.deleted", {"file_uuid": file_uuid})
