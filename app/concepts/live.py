"""What watchers of a concept see: its topics, what is published on them, how a stream begins, who may watch.

Each change is published twice: as an event named `concept-update`, and as an unnamed one for clients that ask
for it. Each of the two is encoded once for all its readers.
"""

from collections.abc import Callable, Iterator

from flask import Flask
from sqlalchemy import select

from app.apidocs.channel import CLOSED, ChannelMessage
from app.auth import principal, tokens
from app.concepts.models import Concept
from app.concepts.shapes import COLUMNS, UPDATE, ConceptState
from app.errors import Unauthorized
from app.extensions import db, engine
from app.realtime.claims import Claims
from app.realtime.event import Event
from app.realtime.streams import sse
from app.realtime.streams.snapshot import Finished

NAME = "concept-update"
KIND = "concept"
OLDER_VERSIONS = 8


def topic(uuid: str, is_named: bool) -> str:
    """The topic of a concept's named events, or of the same as unnamed events."""
    return f"{KIND}:{uuid}" if is_named else f"{KIND}:{uuid}:messages"


def publish(state: ConceptState) -> None:
    """Publishes a committed change; after the last one the streams end. Call it outside any transaction."""
    for is_named in (True, False):
        event = Event(state.data, NAME if is_named else "", str(state.version))
        engine.publish_committed(topic(state.uuid, is_named), event)
        if state.is_final:
            engine.finish(topic(state.uuid, is_named))


def snapshot(app: Flask, uuid: str, is_named: bool) -> Callable[[], Iterator[tuple[str, bytes]]]:
    """How a stream begins: with the concept as it is now. After the last change nothing follows."""

    def read() -> Iterator[tuple[str, bytes]]:
        with app.app_context():
            row = db.session.execute(select(*COLUMNS).where(Concept.uuid == uuid)).first()
        if row is None:
            raise Finished
        state = ConceptState.of(row)
        yield str(state.version), sse.encode(state.data, NAME if is_named else "", str(state.version))
        if state.is_final:
            raise Finished
        # Earlier versions may still be on their way; a reader must not get one after this version.
        for version in range(max(1, state.version - OLDER_VERSIONS), state.version):
            yield str(version), b""

    return read


def why_not_watch(app: Flask, claims: Claims, name: str) -> str | None:
    """The reason to end a stream whose bearer may no longer watch the concept; None while it may."""
    with app.app_context():
        try:
            principal.account(tokens.TokenClaims(tokens.ACCOUNT, *claims))
        except Unauthorized:
            return "logged_out"
        owner = db.session.scalar(select(Concept.user_uuid).where(Concept.uuid == name.split(":")[1]))
        if owner is None:
            return "deleted"
        return None if owner == claims.subject else "rights_revoked"


# The messages of the topics, for the AsyncAPI document

_VERSION = {"type": "string", "pattern": "^[0-9]+$", "description": "The version of the concept"}
MESSAGES = (
    ChannelMessage(name=NAME, summary="The concept now", payload=UPDATE, event=NAME, id=_VERSION),
    ChannelMessage(
        name="message", summary="The same, unnamed, for `?event=message`", payload=UPDATE, id=_VERSION
    ),
    CLOSED,
)
