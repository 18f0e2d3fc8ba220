"""`/sse/…`: the live updates of a constellation, and publishing on them."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.channel import Channel
from app.apidocs.describe import describe
from app.apidocs.json_schema import Object, exactly, text
from app.apidocs.operation import CURSOR, RequestBody, ok, stream
from app.apidocs.security import ACCOUNT, TICKET, TOKEN
from app.auth.principal import identify_cached
from app.constellations import live
from app.constellations.rights import NOT_A_MEMBER, Rights, require_cached
from app.constellations.services import updates as service
from app.errors import NotFound, absent
from app.web.body import NOT_UTF8, read_text
from app.web.event_stream import event_stream, open_stream
from app.web.identifiers import is_uuid
from app.web.limits import limit

blueprint = Blueprint("updates", __name__, url_prefix="/sse")

ABSENT = absent("Constellation")
EXAMPLE = """retry: 2576
: welcome

id: 7c97b8f64469.1

id: 7c97b8f64469.2
data: {"hello": "everybody"}

"""
NOTIFIED = {"status": "success", "message": "Notification sent to clients"}


@blueprint.get("/updates/<constellation_uuid>")
@describe(
    summary="Everything that happens in a constellation, live",
    description="Needs READ. With the id of the last event it goes on where the client left off. Here a"
    " malformed uuid is 404.",
    needs=(ACCOUNT, TICKET, TOKEN),
    parameters=CURSOR,
    answers={200: stream("The stream", EXAMPLE)},
    errors={403: NOT_A_MEMBER, 404: ABSENT},
    channel=Channel(
        title="Live updates of a constellation",
        description="Updates are hints to reload, told after the change is committed. They are unnamed"
        " events; those of the hub itself are named, so that simple clients are not disturbed.",
        query=CURSOR[1:],
        sent=live.MESSAGES,
    ),
)
@event_stream
def updates(constellation_uuid: str) -> ResponseReturnValue:
    principal = identify_cached(query=True)
    uuid = _require(principal.uuid, constellation_uuid, Rights.READ)
    return open_stream(live.topic(uuid), principal.claims)


@blueprint.post("/notify/<constellation_uuid>")
@describe(
    summary="Tell everybody who follows the constellation",
    description="Needs `NOTIFY_MIN_RIGHTS`, which is READ by default. The body, of whatever content type,"
    " is the data of one event, verbatim. Here a malformed uuid is 404.",
    needs=(ACCOUNT,),
    body=RequestBody(
        schema=text('{"hello": "everybody"}'),
        examples={"json": '{"hello": "everybody"}', "text": "dinner is ready"},
        content_type="text/plain",
        is_required=False,
    ),
    answers={
        200: ok(
            Object("Notified", {name: exactly(value) for name, value in NOTIFIED.items()}),
            "Published to every worker, whoever listens",
        )
    },
    errors={400: NOT_UTF8, 403: NOT_A_MEMBER, 404: ABSENT},
    is_limited=True,
)
def notify(constellation_uuid: str) -> ResponseReturnValue:
    principal = identify_cached()
    limit("PUBLISH", principal.token_id)
    uuid = _require(principal.uuid, constellation_uuid, Rights[current_app.config["NOTIFY_MIN_RIGHTS"]])
    service.notify(uuid, read_text())
    return jsonify(NOTIFIED)


def _require(user_uuid: str, constellation_uuid: str, least: Rights) -> str:
    """The constellation's uuid in lower case. Raises Forbidden, and NotFound (also for a malformed one)."""
    if not is_uuid(constellation_uuid):
        raise NotFound(ABSENT)
    uuid = constellation_uuid.lower()
    require_cached(user_uuid, uuid, least)
    return uuid
