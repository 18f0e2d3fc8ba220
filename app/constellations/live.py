"""What members of a constellation see at once: its topic, and what is published on it after each commit."""

from typing import Any

import orjson
from flask import Flask

from app.auth import principal, tokens
from app.constellations.rights import Rights, require
from app.errors import Forbidden, NotFound, Unauthorized
from app.extensions import engine
from app.realtime.claims import Claims
from app.realtime.event import Event

KIND = "constellation"


def topic(constellation_uuid: str) -> str:
    return f"{KIND}:{constellation_uuid}"


def publish(constellation_uuid: str, kind: str, data: dict[str, Any]) -> None:
    """Tells the members of a committed change, `{"type": kind, "constellation_uuid": …, "data": …}`.

    Call it after the commit and outside any transaction. Never fails for a broker that is away: the
    event waits in the outbox. Two changes made at the same moment may be told in the other order than
    they were committed in: the event is a hint to reload.
    """
    update = {"type": kind, "constellation_uuid": constellation_uuid, "data": data}
    engine.publish_committed(topic(constellation_uuid), Event(orjson.dumps(update).decode()))


def end_streams_of_member(constellation_uuid: str, user_uuid: str) -> None:
    """A member lost access: that member's streams of this constellation end on every worker."""
    engine.disconnect("rights_revoked", topic=topic(constellation_uuid), user=user_uuid)


def rights_changed() -> None:
    """A member's rights are others now: no worker believes the old ones any more."""
    engine.forget()


def end_streams(constellation_uuid: str) -> None:
    """The constellation is gone: all its streams end on every worker."""
    engine.disconnect("deleted", topic=topic(constellation_uuid))


def why_not_read(app: Flask, claims: Claims, name: str) -> str | None:
    """The reason to end a stream whose bearer may not read the topic any more; None while it may."""
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
