"""`/sse/…`: the live updates of a constellation, and publishing on them."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import Principal, identify_cached
from app.constellations import live
from app.constellations.rights import Rights, require_cached
from app.errors import Invalid, NotFound
from app.extensions import engine
from app.realtime.event import Event
from app.web.body import read_body
from app.web.event_stream import event_stream, open_stream
from app.web.identifiers import is_uuid
from app.web.limits import limit

blueprint = Blueprint("updates", __name__, url_prefix="/sse")


@blueprint.get("/updates/<constellation_uuid>")
@event_stream
def updates(constellation_uuid: str) -> ResponseReturnValue:
    principal = identify_cached(query=True)
    topic = _readable_topic(principal, constellation_uuid, Rights.READ)
    return open_stream(topic, principal.claims)


@blueprint.post("/notify/<constellation_uuid>")
def notify(constellation_uuid: str) -> ResponseReturnValue:
    """The body, verbatim, becomes the data of one event."""
    principal = identify_cached()
    limit("PUBLISH", principal.token_id)
    least = Rights[current_app.config["NOTIFY_MIN_RIGHTS"]]
    topic = _readable_topic(principal, constellation_uuid, least)
    engine.publish(topic, Event(_text()))
    return jsonify(status="success", message="Notification sent to clients")


def _readable_topic(principal: Principal, constellation_uuid: str, least: Rights) -> str:
    """Here a malformed uuid is as absent as an unknown one (404)."""
    if not is_uuid(constellation_uuid):
        raise NotFound("Constellation not found")
    uuid = constellation_uuid.lower()
    require_cached(principal.uuid, uuid, least)
    return live.topic(uuid)


def _text() -> str:
    try:
        return read_body().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("The body is not valid UTF-8") from error
