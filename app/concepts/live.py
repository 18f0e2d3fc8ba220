"""What watchers of a concept see: its topics, what is published on them, and who may watch.

Every change goes out twice, as a named event for those who listen for `concept-update` and as an unnamed one
for those who asked for that: each is encoded once for all its readers.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import orjson
from flask import Flask
from sqlalchemy import select

from app.auth import principal, tokens
from app.concepts.answers import COMPLETED, FAILED
from app.concepts.models import Concept
from app.errors import Unauthorized
from app.extensions import db, engine
from app.realtime.claims import Claims
from app.realtime.event import Event
from app.realtime.streams import sse
from app.realtime.streams.snapshot import Finished

NAME = "concept-update"
KIND = "concept"
FINAL = frozenset({COMPLETED, FAILED})
COLUMNS = (
    Concept.uuid,
    Concept.task_id,
    Concept.status,
    Concept.concept_json,
    Concept.error,
    Concept.version,
)
OLDER_VERSIONS = 8


class View(NamedTuple):
    """What a stream shows of a concept, and the version that it is of."""

    uuid: str
    task_id: str | None
    status: str
    concept_json: str | None
    error: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> "View":
        """From a row that begins with COLUMNS."""
        return cls(*row[: len(COLUMNS)])

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def data(self) -> str:
        """`{id, task_id, status, concept_json?, error?}` as JSON."""
        return orjson.dumps(shape(self)).decode()


def shape(view: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": view.uuid, "task_id": view.task_id, "status": view.status}
    if view.concept_json is not None:
        shown["concept_json"] = orjson.Fragment(view.concept_json)
    if view.error is not None:
        shown["error"] = view.error
    return shown


def topic(uuid: str, is_named: bool) -> str:
    """The named changes of a concept, or the same as unnamed events."""
    return f"{KIND}:{uuid}" if is_named else f"{KIND}:{uuid}:messages"


def publish(view: View) -> None:
    """Tells a committed change; after the last one the streams end. Call it outside any transaction."""
    for is_named in (True, False):
        event = Event(view.data, NAME if is_named else "", str(view.version))
        engine.publish_committed(topic(view.uuid, is_named), event)
        if view.is_final:
            engine.finish(topic(view.uuid, is_named))


def snapshot(app: Flask, uuid: str, is_named: bool) -> Callable[[], Iterator[tuple[str, bytes]]]:
    """How a stream begins: with the concept as it is now. After the last change nothing follows."""

    def read() -> Iterator[tuple[str, bytes]]:
        with app.app_context():
            row = db.session.execute(select(*COLUMNS).where(Concept.uuid == uuid)).first()
        if row is None:
            raise Finished
        view = View.of(row)
        yield str(view.version), sse.encode(view.data, NAME if is_named else "", str(view.version))
        if view.is_final:
            raise Finished
        # What led here may be on its way still; nobody is to see it after what it led to.
        for version in range(max(1, view.version - OLDER_VERSIONS), view.version):
            yield str(version), b""

    return read


def why_not_watch(app: Flask, claims: Claims, name: str) -> str | None:
    """The reason to end a stream whose bearer may not watch the concept any more; None while it may."""
    with app.app_context():
        try:
            principal.account(tokens.TokenClaims(tokens.ACCOUNT, *claims))
        except Unauthorized:
            return "logged_out"
        owner = db.session.scalar(select(Concept.user_uuid).where(Concept.uuid == name.split(":")[1]))
        if owner is None:
            return "deleted"
        return None if owner == claims.subject else "rights_revoked"
