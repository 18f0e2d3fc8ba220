"""`/sse/…`: the live updates of a constellation, and publishing on them."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.auth.principal import Principal, identify_lately
from app.body import read_body
from app.constellations.rights import Rights, require_lately
from app.errors import Invalid, NotFound
from app.extensions import engine
from app.identifiers import is_uuid
from app.ops.limits import limit
from app.realtime import topics
from app.realtime.event import Event
from app.streaming import open_stream, patient

blueprint = Blueprint("updates", __name__, url_prefix="/sse")


@blueprint.get("/updates/<constellation_uuid>")
@patient
def updates(constellation_uuid: str) -> ResponseReturnValue:
    generation = engine.control.generation
    principal = identify_lately(query=True)
    topic = _readable_topic(principal, constellation_uuid, Rights.READ)
    return open_stream(topic, principal.claims, generation)


@blueprint.post("/notify/<constellation_uuid>")
def notify(constellation_uuid: str) -> ResponseReturnValue:
    """The body, verbatim, becomes the data of one event."""
    principal = identify_lately()
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
    require_lately(principal.uuid, uuid, least)
    return topics.constellation(uuid)


def _text() -> str:
    try:
        return read_body().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("The body is not valid UTF-8") from error
