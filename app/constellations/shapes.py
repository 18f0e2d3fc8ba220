"""What each object looks like on the wire, in answers and in what is published."""

from typing import Any

from app.constellations.models import Comment, Constellation, File, Folder
from app.constellations.rights import Rights
from app.web.json_provider import timestamp

Shape = dict[str, Any]


def constellation(found: Constellation, root_folder_uuid: str) -> Shape:
    """Without `rights`, which differ from one reader to the next."""
    return {
        "constellation_uuid": found.uuid,
        "root_folder_uuid": root_folder_uuid,
        "name": found.name,
        "description": found.description,
        "created_at": timestamp(found.created_at),
    }


def member(user_uuid: str, name: str, rights: int) -> Shape:
    return {"user_uuid": user_uuid, "name": name, "rights": Rights(rights).name}


def folder(found: Folder) -> Shape:
    return {"folder_uuid": found.uuid, "name": found.name, "parent_folder_uuid": found.parent_uuid}


def file(found: File) -> Shape:
    return {
        "file_uuid": found.uuid,
        "name": found.name,
        "content": found.content,
        "folder_uuid": found.folder_uuid,
    }


def file_news(shown: Shape) -> Shape:
    """A file as it is published: its `size` in bytes of UTF-8 stands in for the content."""
    news = {key: value for key, value in shown.items() if key != "content"}
    return {**news, "size": len(shown["content"].encode())}


def comment(found: Comment) -> Shape:
    return {
        "comment_uuid": found.uuid,
        "content": found.content,
        "file_uuid": found.file_uuid,
        "author_uuid": found.author_uuid,
        "parent_uuid": found.parent_uuid,
    }
