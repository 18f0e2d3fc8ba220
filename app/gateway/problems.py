"""What is wrong with a request, as the `detail` of an error in the shape that this family's clients know."""

from typing import Any

import orjson

from app.apidocs.errors import ENVELOPE, refusal
from app.apidocs.json_schema import Object, array, either, text, whole
from app.apidocs.operation import ApiResponse
from app.auth import tokens
from app.auth.credentials import MissingCredentials
from app.errors import DomainError, Unprocessable
from app.gateway.codec import DORA

SHOWN_BYTES = 500
FIELD_REQUIRED = "Field required"

Loc = tuple[str | int, ...]
Problem = dict[str, Any]

PROBLEM = Object(
    "Problem",
    {
        "type": text("missing"),
        "loc": array(either(text("body"), whole(0)), "Where it is"),
        "msg": text(FIELD_REQUIRED),
        "input": {
            "description": "What was given, shortened where it is long",
            "examples": [{"user_id": DORA}],
        },
    },
)
PROBLEMS = Object("ErrorWithProblems", {**ENVELOPE, "detail": array(PROBLEM)})


def problem_of(kind: str, loc: Loc, msg: str, given: Any) -> Problem:
    return {"type": kind, "loc": loc, "msg": msg, "input": _shown(given)}


def _shown(given: Any) -> Any:
    """The input, or the beginning of its text where that is long."""
    try:
        encoded = orjson.dumps(given)
    except orjson.JSONEncodeError:
        return "nested too deeply to be shown"
    if len(encoded) <= SHOWN_BYTES:
        return given
    return encoded[:SHOWN_BYTES].decode(errors="ignore") + "…"


def unprocessable(*problems: Problem) -> Unprocessable:
    return Unprocessable(detail=list(problems))


def missing(loc: Loc, given: Any) -> Problem:
    return problem_of("missing", loc, FIELD_REQUIRED, given)


DEFECT = problem_of("internal_error", (), DomainError.message, None)
ERRORS: dict[int, str | tuple[str, ...] | ApiResponse] = {
    401: (MissingCredentials.message, tokens.INVALID),
    422: refusal(
        422, Unprocessable.message, schema=PROBLEMS, detail=[missing(("body", "data"), {"user_id": DORA})]
    ),
    500: refusal(500, DomainError.message, schema=PROBLEMS, detail=[DEFECT]),
}
"""Of every POST of the gateway."""
