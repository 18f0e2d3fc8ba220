"""`/api/ad-concepts`: by cookie or bearer token. Somebody else's concept is 403, a malformed id is 404."""

from typing import cast

from flask import Blueprint, Flask, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth.principal import identify
from app.concepts import live, schemas, service
from app.concepts.job_poller import poller_part
from app.extensions import engine
from app.web.body import parse
from app.web.event_stream import cursor, event_stream, open_stream
from app.web.paging import read_page

blueprint = Blueprint("concepts", __name__, url_prefix="/api/ad-concepts")


@blueprint.before_request
def start_poller() -> None:
    """gunicorn's workers have begun it already; other servers have no such moment."""
    poller_part.current.start()


@blueprint.post("")
def create_concept() -> ResponseReturnValue:
    caller = identify(cookie=True).uuid
    shown, is_begun = service.create(caller, **parse(schemas.ConceptSubmission()))
    return jsonify(shown), 201 if is_begun else 200


@blueprint.get("")
def list_concepts() -> ResponseReturnValue:
    caller = identify(cookie=True).uuid
    return jsonify(concepts=service.list_of(caller, _wanted_ads(), read_page()))


@blueprint.get("/<concept_id>")
def show_concept(concept_id: str) -> ResponseReturnValue:
    return jsonify(service.get(identify(cookie=True).uuid, concept_id.lower()))


@blueprint.post("/<concept_id>/retry")
def retry_concept(concept_id: str) -> ResponseReturnValue:
    return jsonify(service.retry(identify(cookie=True).uuid, concept_id.lower())), 202


@blueprint.get("/<concept_id>/stream")
@event_stream
def watch_concept(concept_id: str) -> ResponseReturnValue:
    """204 tells an EventSource that knows the end not to come back (WHATWG HTML, 9.2.3)."""
    principal = identify(cookie=True, query=True)
    view = service.require(principal.uuid, concept_id.lower())
    if view.is_final and cursor() == str(view.version):
        return "", 204
    is_named = request.args.get("event") != "message"
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    begin = engine.snapshot(live.snapshot(app, view.uuid, is_named))
    return open_stream(live.topic(view.uuid, is_named), principal.claims, begin)


def _wanted_ads() -> set[str] | None:
    """`?ids=a,b` or `?adIds=a,b`: ids of ads; None for all."""
    given = [text for name in ("ids", "adIds") for text in request.args.getlist(name)]
    if not given:
        return None
    return {ad.strip() for text in given for ad in text.split(",") if ad.strip() and "\0" not in ad}
