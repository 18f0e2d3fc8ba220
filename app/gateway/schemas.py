"""The envelope of a message and its validation, with errors in the shape that this family's clients know.

Written by hand: marshmallow takes about 40 µs for an envelope, more than all the other work of a batch for
one message.
"""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from flask import request

from app.apidocs.json_schema import Object, nullable, number, text
from app.errors import Invalid
from app.gateway import codec
from app.gateway.codec import CORRELATION_ID, DORA
from app.gateway.problems import Loc, Problem, missing, problem_of, unprocessable
from app.realtime.pacing import pause
from app.web.body import read_body

USER_ID_LENGTH = 200
MOST_PROBLEMS = 100
PAUSE_EVERY_MESSAGES = 100

USER_ID = text(DORA, minLength=1, maxLength=USER_ID_LENGTH)
ENVELOPE = Object(
    "Envelope",
    {
        "user_id": {**USER_ID, "description": "The target"},
        "data": {
            "type": "object",
            "properties": {
                "correlation_id": text(CORRELATION_ID, "Identifies a question over the whole cluster")
            },
            "examples": [{"message": "What is the state of the build?", "correlation_id": CORRELATION_ID}],
            "description": "What the target gets",
        },
        "event_type": nullable(text("chat")),
        "event_id": nullable(text("42")),
        "timestamp": nullable(number(1795258800.25)),
    },
    optional=frozenset({"event_type", "event_id", "timestamp"}),
    description="Other keys are ignored.",
)


class Envelope(NamedTuple):
    """`frame` is what the target gets. `is_named`: the caller chose the correlation id."""

    user_id: str
    data: dict[str, Any]
    correlation_id: str
    is_named: bool
    frame: bytes


class _Field(NamedTuple):
    name: str
    is_required: bool
    is_valid: Callable[[Any], bool]
    kind: str
    msg: str


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


_FIELDS = (
    _Field("user_id", True, _is_text, "string_type", "Input should be a valid string"),
    _Field("data", True, _is_object, "dict_type", "Input should be a valid dictionary"),
    _Field("event_type", False, _is_text, "string_type", "Input should be a valid string"),
    _Field("event_id", False, _is_text, "string_type", "Input should be a valid string"),
    _Field("timestamp", False, _is_number, "float_type", "Input should be a valid number"),
)


def read_message() -> Envelope:
    """The one message of the request; raises Unprocessable, TooLarge, TooSlow."""
    message, problems = _parse(_read_json(), ("body",))
    if message is None:
        raise unprocessable(*problems)
    return message


def read_messages() -> list[Envelope]:
    """All messages of the request, or Unprocessable for all of them; TooLarge, TooSlow."""
    values = _read_json()
    if not isinstance(values, list):
        raise unprocessable(problem_of("list_type", ("body",), "Input should be a valid list", values))
    messages: list[Envelope] = []
    problems: list[Problem] = []
    for index, value in enumerate(values):
        message, wrong = _parse(value, ("body", index))
        if message is not None:
            messages.append(message)
        problems += wrong
        if len(problems) >= MOST_PROBLEMS:
            break
        if index % PAUSE_EVERY_MESSAGES == PAUSE_EVERY_MESSAGES - 1:
            pause()  # a large batch shares the loop
    if problems:
        raise unprocessable(*problems[:MOST_PROBLEMS])
    return messages


def _read_json() -> Any:
    try:
        body = read_body()
    except Invalid as error:
        raise unprocessable(problem_of("json_invalid", ("body",), error.message, None)) from error
    if not request.is_json:
        given = request.headers.get("Content-Type")
        loc = ("header", "content-type")
        raise unprocessable(problem_of("content_type", loc, "Input should be application/json", given))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        problem = problem_of("json_invalid", ("body", error.pos), f"JSON decode error: {error.msg}", {})
        raise unprocessable(problem) from error


def _parse(value: Any, loc: Loc) -> tuple[Envelope | None, list[Problem]]:
    """The message, or the problems of it."""
    problems = _find_problems(value, loc)
    if problems:
        return None, problems
    user_id, data = value["user_id"], value["data"]
    given = data.get("correlation_id")
    correlation_id = str(uuid4()) if given is None else given
    try:
        frame = codec.frame(data, user_id, correlation_id, value.get("timestamp"))
    except orjson.JSONEncodeError:
        return None, [problem_of("too_deep", (*loc, "data"), "Input is nested too deeply", None)]
    return Envelope(user_id, data, correlation_id, given is not None, frame), []


def _find_problems(value: Any, loc: Loc) -> list[Problem]:
    if not isinstance(value, dict):
        msg = "Input should be a valid dictionary or object to extract fields from"
        return [problem_of("model_attributes_type", loc, msg, value)]
    problems = []
    for name, is_required, is_valid, kind, msg in _FIELDS:
        given = value.get(name)
        if given is None and not is_required:
            continue
        if given is None and name not in value:
            problems.append(missing((*loc, name), value))
        elif not is_valid(given):
            problems.append(problem_of(kind, (*loc, name), msg, given))
    return problems or _find_problems_inside(value["user_id"], value["data"], loc)


def _find_problems_inside(user_id: str, data: dict[str, Any], loc: Loc) -> list[Problem]:
    problems = []
    if not user_id:
        msg = "String should have at least 1 character"
        problems.append(problem_of("string_too_short", (*loc, "user_id"), msg, user_id))
    elif len(user_id) > USER_ID_LENGTH:
        msg = f"String should have at most {USER_ID_LENGTH} characters"
        problems.append(problem_of("string_too_long", (*loc, "user_id"), msg, user_id))
    if "correlation_id" in data and not isinstance(data["correlation_id"], str):
        place, msg = (*loc, "data", "correlation_id"), "Input should be a valid string"
        problems.append(problem_of("string_type", place, msg, data["correlation_id"]))
    return problems
