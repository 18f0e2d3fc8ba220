"""What stands in answers about constellations (built by ../shapes.py), and what is often wrong."""

from app.apidocs.json_schema import Object, array, exactly, nullable, one_of, text, time, uuid, whole

ORION = "5cec8b3f-5c55-4c0e-8a6e-1f4f5b0a9d11"
ROOT = "f650a3c4-93a1-4f57-8d8e-0c7b6a1d2e33"
NOTES = "7d1c6b0a-2f4e-4b8d-9a51-3e6f7c8d9e44"
FILE = "0cff4a5b-6c7d-4e8f-90a1-b2c3d4e5f655"
COMMENT = "3a4b5c6d-7e8f-4a0b-8c1d-2e3f4a5b6c66"
REPLY = "9f8e7d6c-5b4a-4938-8271-605f4e3d2c77"
BOB = "c0ffee00-1234-4567-89ab-cdef01234567"

RIGHTS = one_of("WRITE", "READ", "COMMENT", "ADMIN")
NO_RIGHTS = ("Not a member of this constellation", "Needs WRITE rights in this constellation")
STRANGER = "Not a member of this constellation"
NO_NAME = "name: Missing data for required field."
NO_CHANGE = "Nothing to change: give at least one of name, description"
BAD_PAGE = "page: Must be a whole number from 1 to 1000000000."

NAMED = {"constellation_uuid": uuid(ORION), "name": text("Orion"), "description": text("Shared notes")}
LISTED = Object("ListedConstellation", {**NAMED, "rights": RIGHTS})
PLAIN = {
    "constellation_uuid": uuid(ORION),
    "root_folder_uuid": uuid(ROOT),
    "name": text("Orion"),
    "description": text("Shared notes"),
    "created_at": time(),
}
CONSTELLATION = Object("Constellation", {**PLAIN, "rights": RIGHTS})
MEMBER = Object("Member", {"uuid": uuid(BOB), "name": text("bob"), "rights": RIGHTS})

LEAF = Object("FileNode", {"uuid": uuid(FILE), "name": text("plan.md"), "type": exactly("file")})
BRANCH_CHILDREN = {
    "type": "array",
    "items": {"anyOf": [LEAF, {"$ref": "#/components/schemas/FolderNode"}]},
    "description": "Folders first, then by name",
    "examples": [[{"uuid": FILE, "name": "plan.md", "type": "file"}]],
}
TREE = Object(
    "FolderNode",
    {"uuid": uuid(ROOT), "name": text("Orion"), "type": exactly("folder"), "children": BRANCH_CHILDREN},
)

FOLDER = Object(
    "Folder",
    {"folder_uuid": uuid(NOTES), "name": text("Notes"), "parent_folder_uuid": nullable(uuid(ROOT))},
    description="The root has no parent.",
)
FILE_FACTS = {"file_uuid": uuid(FILE), "name": text("plan.md"), "folder_uuid": uuid(ROOT)}
LISTED_FILE = Object("ListedFile", FILE_FACTS)
WHOLE_FILE = Object("File", {**FILE_FACTS, "content": text("# Plan")})
FILE_NEWS = Object("FileNews", {**FILE_FACTS, "size": whole(6, "Bytes of the content in UTF-8")})
FILES = Object("Files", {"files": array(LISTED_FILE)})

REMARK = Object(
    "Comment",
    {
        "comment_uuid": uuid(COMMENT),
        "content": text("Well said"),
        "file_uuid": uuid(FILE),
        "author_uuid": nullable(uuid(BOB, "Null once the account is gone")),
        "parent_uuid": nullable(uuid(COMMENT, "Null for all but replies")),
    },
)
COMMENTS = Object("Comments", {"comments": array(REMARK)})
ANSWERED = Object("Reply", {"reply_uuid": uuid(REPLY), "content": text("Yes"), "comment_uuid": uuid(COMMENT)})
