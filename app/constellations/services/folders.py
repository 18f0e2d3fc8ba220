"""The tree of folders. Names need not be unique; no folder is more than `MAX_DEPTH` levels below the root."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.constellations import live, shapes
from app.constellations.models import File, Folder
from app.constellations.rights import Rights, lock_thing
from app.constellations.services import ancestry
from app.constellations.services.ancestry import MAX_DEPTH
from app.constellations.shapes import Shape
from app.db.session import transaction
from app.errors import Invalid, NotFound, absent
from app.extensions import db
from app.web.fields import complaint

NO_PARENT = absent("Parent folder")
ELSEWHERE = "The parent folder is in another constellation"
ROOT_STAYS, ROOT_IS_FIXED = "The root folder can't be deleted", "The root folder can't be moved"
UNDER_ITSELF = "A folder can't be moved under itself"
TOO_DEEP = f"Folders can't be more than {MAX_DEPTH} levels below the root"


def get_structure(constellation_uuid: str) -> Shape:
    """`{uuid, name, type: "folder", children: [...]}` from the root down; files have no `children`.

    Children are sorted: folders first, then by name. Raises NotFound.
    """
    folders = select(Folder.uuid, Folder.parent_uuid, Folder.name).order_by(Folder.name, Folder.uuid)
    files = select(File.uuid, File.folder_uuid, File.name).order_by(File.name, File.uuid)
    rows = db.session.execute(folders.where(Folder.constellation_uuid == constellation_uuid)).all()
    leaves = db.session.execute(files.where(File.constellation_uuid == constellation_uuid)).all()
    nodes: dict[str, Shape] = {uuid: shapes.folder_node(uuid, name) for uuid, _, name in rows}
    # A parent may be missing: the second query can see what was made after the first.
    for uuid, parent_uuid, _ in rows:
        if parent_uuid in nodes:
            nodes[parent_uuid]["children"].append(nodes[uuid])
    for uuid, folder_uuid, name in leaves:
        if folder_uuid in nodes:
            nodes[folder_uuid]["children"].append(shapes.file_node(uuid, name))
    for uuid, parent_uuid, _ in rows:
        if parent_uuid is None:
            return nodes[uuid]
    raise NotFound(absent("Constellation"))


def get_folder(folder_uuid: str) -> Shape:
    """`{folder_uuid, name, parent_folder_uuid}`, the parent null for the root; raises NotFound."""
    found = db.session.get(Folder, folder_uuid)
    if found is None:
        raise NotFound(absent("Folder"))
    return shapes.folder(found)


def create_folder(user_uuid: str, name: str, parent_folder_uuid: str) -> Shape:
    """A folder in that folder, as `get_folder` shows it; publishes `folder.created`.

    Raises NotFound, Forbidden, and Invalid where it would be too deep.
    """
    with transaction() as session:
        parent, _ = lock_thing(session, Folder, parent_folder_uuid, user_uuid, Rights.WRITE)
        _require_depth(len(ancestry.path(session, Folder, parent.uuid)))
        made = Folder(constellation_uuid=parent.constellation_uuid, parent_uuid=parent.uuid, name=name)
        session.add(made)
        session.flush()
        shown = shapes.folder(made)
    live.publish(made.constellation_uuid, "folder.created", shown)
    return shown


def change_folder(user_uuid: str, folder_uuid: str, changes: dict[str, Any]) -> Shape:
    """Applies name and parent as given; publishes `folder.updated`.

    Raises NotFound, Forbidden, and Invalid for a parent that the folder can't have.
    """
    with transaction() as session:
        folder, _ = lock_thing(session, Folder, folder_uuid, user_uuid, Rights.WRITE)
        _move(session, folder, changes.get("parent_folder_uuid", folder.parent_uuid))
        folder.name = changes.get("name", folder.name)
        shown = shapes.folder(folder)
    live.publish(folder.constellation_uuid, "folder.updated", shown)
    return shown


def delete_folder(user_uuid: str, folder_uuid: str) -> None:
    """Removes the folder and all below it; publishes `folder.deleted` (`{folder_uuid}`) for it alone.

    Raises NotFound, Forbidden, and Invalid for the root.
    """
    with transaction() as session:
        folder, _ = lock_thing(session, Folder, folder_uuid, user_uuid, Rights.WRITE)
        if folder.parent_uuid is None:
            raise Invalid(ROOT_STAYS)
        session.delete(folder)
    live.publish(folder.constellation_uuid, "folder.deleted", {"folder_uuid": folder_uuid})


def get_target(session: Session, constellation_uuid: str, folder_uuid: str) -> Folder:
    """The folder that something in this constellation is to be put into; raises NotFound, Invalid."""
    target = session.get(Folder, folder_uuid)
    if target is None:
        raise NotFound(NO_PARENT)
    if target.constellation_uuid != constellation_uuid:
        raise Invalid(ELSEWHERE)
    return target


def _move(session: Session, folder: Folder, parent_uuid: str | None) -> None:
    if parent_uuid == folder.parent_uuid:
        return
    if folder.parent_uuid is None:
        raise Invalid(ROOT_IS_FIXED)
    if parent_uuid is None:
        raise Invalid(complaint("parent_folder_uuid", "Only the root folder has no parent."))
    get_target(session, folder.constellation_uuid, parent_uuid)
    path = ancestry.path(session, Folder, parent_uuid)
    if folder.uuid in path:
        raise Invalid(UNDER_ITSELF)
    _require_depth(len(path) + ancestry.height(session, folder.uuid))
    folder.parent_uuid = parent_uuid


def _require_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Invalid(TOO_DEEP)
