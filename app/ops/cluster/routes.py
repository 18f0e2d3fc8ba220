"""`/api/ops/…`, for operators: they may see names of topics and of who is connected."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth.principal import identify_operator
from app.errors import Invalid
from app.extensions import Part, db
from app.ops.cluster import totals
from app.ops.cluster.worker import CONNECTIONS, COUNTS, STATS, TOPICS
from app.realtime.workers.survey import Answers, Survey
from app.web.paging import read_size

blueprint = Blueprint("ops", __name__, url_prefix="/api/ops")
survey_part: Part[Survey] = Part("survey")

ASK_SECONDS = 1.0
SORTS = ("subscribers", "events")


@blueprint.before_request
def require_operator() -> None:
    if request.method != "OPTIONS":  # which browsers send without credentials
        identify_operator()
        db.session.remove()  # workers are waited for


@blueprint.after_request
def keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/stats")
def stats() -> ResponseReturnValue:
    answers, found = _ask(STATS, {}, ASK_SECONDS)
    return jsonify(totals.stats(found) | totals.completeness(answers))


@blueprint.get("/connections")
def connections() -> ResponseReturnValue:
    """`?prefix=` and `?after=` a name; `?per_page=`."""
    most = read_size()
    question = {"prefix": request.args.get("prefix", ""), "after": request.args.get("after", "")}
    answers, found = _ask(CONNECTIONS, {**question, "most": most + 1}, ASK_SECONDS)
    return jsonify(totals.connections(found, most) | totals.completeness(answers))


@blueprint.get("/topics")
def topics() -> ResponseReturnValue:
    """`?sort=subscribers` or `events`; `?per_page=`. Each worker names its first ones, then all are asked how
    many subscribers those have: what is shown is exact, and only a topic that is nowhere among the first of
    a worker can be missed."""
    most, sort = read_size(), request.args.get("sort", SORTS[0])
    if sort not in SORTS:
        raise Invalid(f"sort: Must be one of {', '.join(SORTS)}.")
    named, candidates = _ask(TOPICS, {"sort": sort, "most": most}, ASK_SECONDS / 2)
    names = sorted({name for it in candidates for name in it["names"]})
    counted, found = _ask(COUNTS, {"names": names}, ASK_SECONDS / 2, list(named.given))
    silent = sorted({*named.silent, *counted.silent})
    whole = Answers(counted.given, silent, named.is_whole and counted.is_whole)
    return jsonify(totals.topics(found, sort, most) | totals.completeness(whole))


def _ask(
    kind: str, question: dict[str, Any], seconds: float, workers: Sequence[str] | None = None
) -> tuple[Answers, list[dict[str, Any]]]:
    answers = survey_part.current.ask(kind, orjson.dumps(question), seconds, workers)
    return answers, [orjson.loads(answer) for answer in answers.given.values()]
