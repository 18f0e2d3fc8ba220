"""The objects in answers and in events: the schema of each, and beside it the function that builds it."""

from typing import Any

from app.apidocs.json_schema import Object, array, exactly, nullable, one_of, text, time, uuid, whole
from app.constellations.models import Comment, Constellation, File, Folder
from app.constellations.rights import Rights
from app.web.json_provider import timestamp

Shape = dict[str, Any]

# Identifiers that the examples have in common.
ORION = "5cec8b3f-5c55-4c0e-8a6e-1f4f5b0a9d11"
ROOT = "f650a3c4-93a1-4f57-8d8e-0c7b6a1d2e33"
NOTES = "7d1c6b0a-2f4e-4b8d-9a51-3e6f7c8d9e44"
PLAN = "0cff4a5b-6c7d-4e8f-90a1-b2c3d4e5f655"
REMARK = "3a4b5c6d-7e8f-4a0b-8c1d-2e3f4a5b6c66"
ANSWER = "9f8e7d6c-5b4a-4938-8271-605f4e3d2c77"
BOB = "c0ffee00-1234-4567-89ab-cdef01234567"

RIGHTS = one_of("WRITE", "READ", "COMMENT", "ADMIN")


# Constellations

LISTED_CONSTELLATION = Object(
    "ListedConstellation",
    {
        "constellation_uuid": uuid(ORION),
        "name": text("Orion"),
        "description": text("Shared notes"),
        "rights": RIGHTS,
    },
)
CONSTELLATION_NEWS = Object(
    "ConstellationNews",
    {
        "constellation_uuid": uuid(ORION),
        "root_folder_uuid": uuid(ROOT),
        "name": text("Orion"),
        "description": text("Shared notes"),
        "created_at": time(),
    },
    description="Without rights: those are the reader's own.",
)
CONSTELLATION = Object("Constellation", {**CONSTELLATION_NEWS.properties, "rights": RIGHTS})


def listed_constellation(constellation_uuid: str, name: str, description: str, rights: int) -> Shape:
    return {
        "constellation_uuid": constellation_uuid,
        "name": name,
        "description": description,
        "rights": Rights(rights).name,
    }


def constellation_news(found: Constellation, root_folder_uuid: str) -> Shape:
    """A constellation as it is published: without `rights`, which differ from one reader to the next."""
    return {
        "constellation_uuid": found.uuid,
        "root_folder_uuid": root_folder_uuid,
        "name": found.name,
        "description": found.description,
        "created_at": timestamp(found.created_at),
    }


def constellation(news: Shape, rights: Rights) -> Shape:
    return {**news, "rights": rights.name}


# Members

LISTED_MEMBER = Object("Member", {"uuid": uuid(BOB), "name": text("bob"), "rights": RIGHTS})
MEMBER_NEWS = Object("MemberNews", {"user_uuid": uuid(BOB), "name": text("bob"), "rights": RIGHTS})


def listed_member(user_uuid: str, name: str, rights: int) -> Shape:
    return {"uuid": user_uuid, "name": name, "rights": Rights(rights).name}


def member_news(user_uuid: str, name: str, rights: int) -> Shape:
    return {"user_uuid": user_uuid, "name": name, "rights": Rights(rights).name}


# Folders, and the tree of them

FOLDER = Object(
    "Folder",
    {"folder_uuid": uuid(NOTES), "name": text("Notes"), "parent_folder_uuid": nullable(uuid(ROOT))},
    description="The root has no parent.",
)
FILE_NODE = Object("FileNode", {"uuid": uuid(PLAN), "name": text("plan.md"), "type": exactly("file")})
CHILDREN = {
    "type": "array",
    "items": {"anyOf": [FILE_NODE, {"$ref": "#/components/schemas/FolderNode"}]},
    "description": "Folders first, then by name",
    "examples": [[{"uuid": PLAN, "name": "plan.md", "type": "file"}]],
}
FOLDER_NODE = Object(
    "FolderNode",
    {"uuid": uuid(ROOT), "name": text("Orion"), "type": exactly("folder"), "children": CHILDREN},
)


def folder(found: Folder) -> Shape:
    return {"folder_uuid": found.uuid, "name": found.name, "parent_folder_uuid": found.parent_uuid}


def file_node(file_uuid: str, name: str) -> Shape:
    return {"uuid": file_uuid, "name": name, "type": "file"}


def folder_node(folder_uuid: str, name: str) -> Shape:
    return {"uuid": folder_uuid, "name": name, "type": "folder", "children": []}


# Files

LISTED_FILE = Object(
    "ListedFile", {"file_uuid": uuid(PLAN), "name": text("plan.md"), "folder_uuid": uuid(ROOT)}
)
FILES = Object("Files", {"files": array(LISTED_FILE)})


def listed_file(file_uuid: str, name: str, folder_uuid: str) -> Shape:
    return {"file_uuid": file_uuid, "name": name, "folder_uuid": folder_uuid}


FILE = Object("File", {**LISTED_FILE.properties, "content": text("# Plan")})


def file(found: File) -> Shape:
    return {
        "file_uuid": found.uuid,
        "name": found.name,
        "content": found.content,
        "folder_uuid": found.folder_uuid,
    }


FILE_NEWS = Object(
    "FileNews",
    {
        **{name: schema for name, schema in FILE.properties.items() if name != "content"},
        "size": whole(6, "Bytes of the content in UTF-8"),
    },
)


def file_news(shown: Shape) -> Shape:
    """A file as it is published: its `size` in bytes of UTF-8 stands in for the content."""
    news = {key: value for key, value in shown.items() if key != "content"}
    return {**news, "size": len(shown["content"].encode())}


# Comments

COMMENT = Object(
    "Comment",
    {
        "comment_uuid": uuid(REMARK),
        "content": text("Well said"),
        "file_uuid": uuid(PLAN),
        "author_uuid": nullable(uuid(BOB, "Null once the account is gone")),
        "parent_uuid": nullable(uuid(REMARK, "Null for all but replies")),
    },
)
COMMENTS = Object("Comments", {"comments": array(COMMENT)})
REPLY = Object("Reply", {"reply_uuid": uuid(ANSWER), "content": text("Yes"), "comment_uuid": uuid(REMARK)})


def comment(found: Comment) -> Shape:
    return {
        "comment_uuid": found.uuid,
        "content": found.content,
        "file_uuid": found.file_uuid,
        "author_uuid": found.author_uuid,
        "parent_uuid": found.parent_uuid,
    }


def reply(made: Shape) -> Shape:
    """The answer to a reply: its comment, and the comment that it replies to."""
    return {
        "reply_uuid": made["comment_uuid"],
        "content": made["content"],
        "comment_uuid": made["parent_uuid"],
    }
