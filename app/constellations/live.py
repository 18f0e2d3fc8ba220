"""The topic of a constellation: publishing to its members after each commit, ending their streams, and the
check whether an open stream may stay open."""

from typing import Any

import orjson
from flask import Flask

from app.apidocs.channel import CLOSED, RESET, RESUMED, ChannelMessage
from app.apidocs.json_schema import Object, exactly, text, uuid
from app.auth import principal, tokens
from app.constellations import shapes
from app.constellations.rights import Rights, require
from app.errors import Forbidden, NotFound, Unauthorized
from app.extensions import engine
from app.realtime.claims import Claims
from app.realtime.event import Event

KIND = "constellation"


def topic(constellation_uuid: str) -> str:
    return f"{KIND}:{constellation_uuid}"


def publish(constellation_uuid: str, kind: str, data: dict[str, Any]) -> None:
    """Publishes a committed change to the members: `{"type": kind, "constellation_uuid": …, "data": …}`.

    Call it after the commit and outside any transaction. It does not fail while the broker is away: the
    event waits in the outbox. Two changes made at the same moment may be published in another order than
    they were committed in: the event is a hint to reload.
    """
    update = {"type": kind, "constellation_uuid": constellation_uuid, "data": data}
    engine.publish_committed(topic(constellation_uuid), Event(orjson.dumps(update).decode()))


def end_streams_of_member(constellation_uuid: str, user_uuid: str) -> None:
    """Ends a former member's streams of this constellation on every worker."""
    engine.disconnect("rights_revoked", topic=topic(constellation_uuid), user=user_uuid)


def invalidate_rights() -> None:
    """Every worker reads rights from the database again: a member's have changed."""
    engine.invalidate()


def end_streams(constellation_uuid: str) -> None:
    """Ends all streams of a constellation that was deleted, on every worker."""
    engine.disconnect("deleted", topic=topic(constellation_uuid))


def why_not_read(app: Flask, claims: Claims, name: str) -> str | None:
    """The reason to end a stream whose bearer may no longer read the topic; None while it may."""
    with app.app_context():
        try:
            principal.account(tokens.TokenClaims(tokens.ACCOUNT, *claims))
            require(claims.subject, name.partition(":")[2], Rights.READ)
        except Unauthorized:
            return "logged_out"
        except NotFound:
            return "deleted"
        except Forbidden:
            return "rights_revoked"
        return None


# The messages of the topic, for the AsyncAPI document


def _gone(name: str, key: str, example: str) -> Object:
    return Object(name, {key: uuid(example)})


_DATA: dict[str, Object] = {
    "constellation.updated": shapes.CONSTELLATION_NEWS,
    "constellation.deleted": _gone("ConstellationGone", "constellation_uuid", shapes.ORION),
    "member.connected": shapes.MEMBER_NEWS,
    "member.changed": shapes.MEMBER_NEWS,
    "member.disconnected": shapes.MEMBER_NEWS,
    "folder.created": shapes.FOLDER,
    "folder.updated": shapes.FOLDER,
    "folder.deleted": _gone("FolderGone", "folder_uuid", shapes.NOTES),
    "file.created": shapes.FILE_NEWS,
    "file.updated": shapes.FILE_NEWS,
    "file.deleted": _gone("FileGone", "file_uuid", shapes.PLAN),
    "comment.created": shapes.COMMENT,
    "comment.updated": shapes.COMMENT,
    "comment.deleted": _gone("CommentGone", "comment_uuid", shapes.REMARK),
}
_ID = {"type": "string", "examples": ["7c97b8f64469.2"], "description": "The cursor to come back with"}


def _update(kind: str) -> ChannelMessage:
    subject, _, verb = kind.partition(".")
    payload = Object(
        f"{subject.capitalize()}{verb.capitalize()}",
        {"type": exactly(kind), "constellation_uuid": uuid(shapes.ORION), "data": _DATA[kind]},
    )
    return ChannelMessage(name=kind, summary=f"A {subject} was {verb}", payload=payload, id=_ID)


_NOTIFICATION = ChannelMessage(
    name="notification",
    summary="What somebody sent with POST /sse/notify: any text, verbatim but for line ends",
    payload=text("dinner is ready"),
    id=_ID,
    content_type="text/plain",
    examples={"json": '{"hello": "everybody"}', "text": "dinner is ready"},
)
MESSAGES = (*map(_update, _DATA), _NOTIFICATION, RESUMED, RESET, CLOSED)
