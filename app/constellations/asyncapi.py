"""The live updates of a constellation, as live.py publishes them."""

from app.apidocs.channel import CLOSED, RESET, RESUMED, Channel, ChannelMessage, Channels
from app.apidocs.json_schema import Object, Schema, exactly, text, uuid
from app.apidocs.operation import CURSOR
from app.apidocs.security import ACCOUNT, TICKET, TOKEN
from app.constellations.openapi.objects import (
    BOB,
    COMMENT,
    FILE,
    FILE_NEWS,
    FOLDER,
    NOTES,
    ORION,
    PLAIN,
    REMARK,
    RIGHTS,
)

ID = {"type": "string", "examples": ["7c97b8f64469.2"], "description": "The cursor to come back with"}
MEMBER_NEWS = Object("MemberNews", {"user_uuid": uuid(BOB), "name": text("bob"), "rights": RIGHTS})
CONSTELLATION_NEWS = Object(
    "ConstellationNews", PLAIN, description="Without rights: those are the reader's own."
)


def gone(name: str, key: str, example: str) -> Object:
    return Object(name, {key: uuid(example)})


DATA: dict[str, Object] = {
    "constellation.updated": CONSTELLATION_NEWS,
    "constellation.deleted": gone("ConstellationGone", "constellation_uuid", ORION),
    "member.connected": MEMBER_NEWS,
    "member.changed": MEMBER_NEWS,
    "member.disconnected": MEMBER_NEWS,
    "folder.created": FOLDER,
    "folder.updated": FOLDER,
    "folder.deleted": gone("FolderGone", "folder_uuid", NOTES),
    "file.created": FILE_NEWS,
    "file.updated": FILE_NEWS,
    "file.deleted": gone("FileGone", "file_uuid", FILE),
    "comment.created": REMARK,
    "comment.updated": REMARK,
    "comment.deleted": gone("CommentGone", "comment_uuid", COMMENT),
}


def update(kind: str) -> ChannelMessage:
    subject, _, verb = kind.partition(".")
    payload = Object(
        f"{subject.capitalize()}{verb.capitalize()}",
        {"type": exactly(kind), "constellation_uuid": uuid(ORION), "data": DATA[kind]},
    )
    return ChannelMessage(name=kind, summary=f"A {subject} was {verb}", payload=payload, id=ID)


ANY_TEXT: Schema = text("dinner is ready")
NOTIFIED = ChannelMessage(
    name="notification",
    summary="What somebody sent with POST /sse/notify: any text, verbatim but for line ends",
    payload=ANY_TEXT,
    id=ID,
    content_type="text/plain",
    examples={"json": '{"hello": "everybody"}', "text": "dinner is ready"},
)

CHANNELS: Channels = {
    "updates.updates": Channel(
        title="Live updates of a constellation",
        description="Updates are hints to reload, told after the change is committed. They are unnamed"
        " events; those of the hub itself are named, so that simple clients are not disturbed.",
        needs=(ACCOUNT, TICKET, TOKEN),
        query=CURSOR[1:],
        sent=(*map(update, DATA), NOTIFIED, RESUMED, RESET, CLOSED),
    ),
}
