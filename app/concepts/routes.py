"""`/api/ad-concepts`: by cookie or bearer token. Another user's concept is 403, a malformed id is 404."""

from typing import cast

from flask import Blueprint, Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from app.apidocs.channel import Channel
from app.apidocs.describe import describe
from app.apidocs.errors import refusal
from app.apidocs.json_schema import one_of, text
from app.apidocs.operation import CURSOR, PAGE, ApiResponse, json, ok, query, stream
from app.apidocs.security import ACCOUNT, COOKIE, TICKET, TOKEN
from app.auth.principal import FOREIGN_ORIGIN, identify
from app.concepts import image_urls, live, schemas, service, shapes
from app.concepts.client import TOO_SLOW, UNREACHABLE
from app.concepts.job_poller import poller_part
from app.concepts.shapes import AD, ID, IMAGE, TASK
from app.extensions import engine
from app.web.body import parse
from app.web.event_stream import cursor, event_stream, open_stream
from app.web.fields import complaint
from app.web.paging import BAD_PAGE, read_page

blueprint = Blueprint("concepts", __name__, url_prefix="/api/ad-concepts")

EXAMPLE = f"""retry: 2576
: welcome

id: 1
event: {live.NAME}
data: {{"id":"{ID}","task_id":"{TASK}","status":"pending"}}

"""


def _kept_as_failed(status: int, sentence: str) -> ApiResponse:
    return refusal(status, sentence, schema=shapes.FAILED_SUBMISSION, id=ID, ad_archive_id=AD)


@blueprint.before_request
def start_poller() -> None:
    """gunicorn's workers have started it already; other servers start nothing before a request."""
    poller_part.current.start()


@blueprint.post("")
@describe(
    summary="Begin the concept of an ad's image",
    description="The same ad again answers the concept that there is, or tries it again if it failed.",
    needs=(COOKIE, ACCOUNT),
    body=json(schemas.ConceptSubmission, example={"ad_archive_id": AD, "image_url": IMAGE}),
    answers={201: ok(shapes.SUBMITTED, "Begun"), 200: ok(shapes.SUBMITTED, "Was there already")},
    errors={
        400: (schemas.MISSING_FIELDS, complaint("image_url", image_urls.UNKNOWN_SCHEME)),
        403: FOREIGN_ORIGIN,
        502: _kept_as_failed(502, UNREACHABLE),
        504: _kept_as_failed(504, TOO_SLOW),
    },
)
def create_concept() -> ResponseReturnValue:
    caller = identify(cookie=True).uuid
    shown, is_begun = service.create(caller, **parse(schemas.ConceptSubmission()))
    return jsonify(shown), 201 if is_begun else 200


@blueprint.get("")
@describe(
    summary="One's own concepts",
    needs=(COOKIE, ACCOUNT),
    parameters=(
        query("ids", text(AD), "Of these ads only, separated by commas"),
        query("adIds", text(AD), "The same"),
        *PAGE,
    ),
    answers={200: ok(shapes.CONCEPTS, "Oldest first")},
    errors={400: BAD_PAGE},
)
def list_concepts() -> ResponseReturnValue:
    caller = identify(cookie=True).uuid
    return jsonify(concepts=service.list_of(caller, _read_ads(), read_page()))


@blueprint.get("/<concept_id>")
@describe(
    summary="A concept",
    needs=(COOKIE, ACCOUNT),
    answers={200: ok(shapes.CONCEPT)},
    errors={403: service.NOT_THE_OWNER, 404: service.NO_CONCEPT},
)
def show_concept(concept_id: str) -> ResponseReturnValue:
    return jsonify(service.get(identify(cookie=True).uuid, concept_id.lower()))


@blueprint.post("/<concept_id>/retry")
@describe(
    summary="Try a failed concept again",
    needs=(COOKIE, ACCOUNT),
    answers={202: ok(shapes.CONCEPT, "Begun again")},
    errors={
        403: (service.NOT_THE_OWNER, FOREIGN_ORIGIN),
        404: service.NO_CONCEPT,
        409: service.NOT_FAILED,
    },
)
def retry_concept(concept_id: str) -> ResponseReturnValue:
    return jsonify(service.retry(identify(cookie=True).uuid, concept_id.lower())), 202


@blueprint.get("/<concept_id>/stream")
@describe(
    summary="A concept as it changes",
    description="Begins with the concept as it is, and ends after `completed` or `failed`.",
    needs=(COOKIE, ACCOUNT, TICKET, TOKEN),
    parameters=(
        query("event", one_of("message"), "For unnamed events; else they are `concept-update`"),
        *CURSOR,
    ),
    answers={
        200: stream("The stream", EXAMPLE),
        204: ApiResponse(description="The reader has seen the end: it need not come back"),
    },
    errors={403: service.NOT_THE_OWNER, 404: service.NO_CONCEPT},
    channel=Channel(
        title="A concept as it changes",
        description="A snapshot at once, then each change; ends after `completed` or `failed`. A reader that"
        " comes back with the id of the end is answered 204.",
        query=(query("event", one_of("message"), "For unnamed events"), *CURSOR[1:]),
        sent=live.MESSAGES,
    ),
)
@event_stream
def watch_concept(concept_id: str) -> ResponseReturnValue:
    """204 keeps an EventSource that has seen the end from reconnecting (WHATWG HTML, 9.2.3)."""
    principal = identify(cookie=True, query=True)
    state = service.require(principal.uuid, concept_id.lower())
    if state.is_final and cursor() == str(state.version):
        return "", 204
    is_named = request.args.get("event") != "message"
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    begin = engine.snapshot(live.snapshot(app, state.uuid, is_named))
    return open_stream(live.topic(state.uuid, is_named), principal.claims, begin)


def _read_ads() -> set[str] | None:
    """`?ids=a,b` or `?adIds=a,b`: ids of ads; None for all."""
    given = [text for name in ("ids", "adIds") for text in request.args.getlist(name)]
    if not given:
        return None
    return {ad.strip() for text in given for ad in text.split(",") if ad.strip() and "\0" not in ad}
