"""`/api/ops/…`, for operators only: the responses name topics and connected users."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.json_schema import exactly, one_of, text, whole
from app.apidocs.operation import ok, query
from app.apidocs.security import ACCOUNT, COOKIE
from app.auth.principal import OPERATORS_ONLY, identify_operator
from app.errors import Invalid
from app.extensions import Part, db, engine
from app.ops.cluster import shapes, totals
from app.ops.cluster.worker import CONNECTIONS, COUNTS, STATS, TOPICS
from app.realtime.workers.survey import Answers, Survey
from app.web.fields import complaint
from app.web.paging import BAD_SIZE, DEFAULT_SIZE, LARGEST_SIZE, read_size

blueprint = Blueprint("ops", __name__, url_prefix="/api/ops")
survey_part: Part[Survey] = Part("survey")

ASK_SECONDS = 1.0
SORTS = ("subscribers", "events")
BAD_SORT = complaint("sort", f"Must be one of {', '.join(SORTS)}.")
PRIVATE = {"Cache-Control": exactly("no-store")}
SIZE = query(
    "per_page", whole(DEFAULT_SIZE, minimum=1, maximum=LARGEST_SIZE, default=DEFAULT_SIZE), "How many at most"
)


@blueprint.before_request
def require_operator() -> None:
    if request.method != "OPTIONS":  # browsers send preflights without credentials
        identify_operator()
        db.session.remove()  # no transaction stays open while workers answer


@blueprint.after_request
def keep_private(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/stats")
@describe(
    summary="Every worker of the cluster, and their sums",
    needs=(ACCOUNT, COOKIE),
    answers={200: ok(shapes.STATS, headers=PRIVATE)},
    errors={403: OPERATORS_ONLY},
)
def stats() -> ResponseReturnValue:
    answers, found = _ask(STATS, {}, ASK_SECONDS)
    return jsonify(totals.stats(found) | totals.completeness(answers))


@blueprint.get("/connections")
@describe(
    summary="Who is connected by WebSocket, and where",
    needs=(ACCOUNT, COOKIE),
    parameters=(
        query("prefix", text("do"), "Of the names"),
        query("after", text("alice"), "Names that follow this one"),
        SIZE,
    ),
    answers={200: ok(shapes.CONNECTIONS, headers=PRIVATE)},
    errors={400: BAD_SIZE, 403: OPERATORS_ONLY},
)
def connections() -> ResponseReturnValue:
    most = read_size()
    question = {"prefix": request.args.get("prefix", ""), "after": request.args.get("after", "")}
    answers, found = _ask(CONNECTIONS, {**question, "most": most + 1}, ASK_SECONDS)
    return jsonify(totals.connections(found, most) | totals.completeness(answers))


@blueprint.get("/topics")
@describe(
    summary="The topics with most subscribers or most events",
    description="Each worker names its first ones, then all are asked how many subscribers those have.",
    needs=(ACCOUNT, COOKIE),
    parameters=(query("sort", one_of(*SORTS)), SIZE),
    answers={200: ok(shapes.TOPICS, headers=PRIVATE)},
    errors={400: (BAD_SIZE, BAD_SORT), 403: OPERATORS_ONLY},
)
def topics() -> ResponseReturnValue:
    """The counts are exact. A topic is missing only where no worker has it among its first ones."""
    most, sort = read_size(), request.args.get("sort", SORTS[0])
    if sort not in SORTS:
        raise Invalid(BAD_SORT)
    named, candidates = _ask(TOPICS, {"sort": sort, "most": most}, ASK_SECONDS / 2)
    names = sorted({name for it in candidates for name in it["names"]})
    counted, found = _ask(COUNTS, {"names": names}, ASK_SECONDS / 2, list(named.given))
    silent = sorted({*named.silent, *counted.silent})
    whole = Answers(counted.given, silent, named.is_whole and counted.is_whole)
    return jsonify(totals.topics(found, sort, most) | totals.completeness(whole))


def _ask(
    kind: str, question: dict[str, Any], seconds: float, workers: Sequence[str] | None = None
) -> tuple[Answers, list[dict[str, Any]]]:
    engine.start()
    answers = survey_part.current.ask(kind, orjson.dumps(question), seconds, workers)
    return answers, [orjson.loads(answer) for answer in answers.given.values()]
