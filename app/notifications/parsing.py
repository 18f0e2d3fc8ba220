"""Reads requests of this API, whose validation errors name each field.

The answer is `{"error": "Validation error", "status": 400, "detail": {field: problem}}`. A problem of the
body as a whole stands under `body`.
"""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from app.apidocs.errors import ENVELOPE, refusal
from app.apidocs.json_schema import Object
from app.apidocs.operation import ApiResponse
from app.errors import Invalid, Unprocessable
from app.web import fields, paging
from app.web.body import read_object
from app.web.paging import Page

KEY_LENGTH = 255
VALIDATION_ERROR = Unprocessable.message
DETAIL = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "What is wrong, by field; `body` is the body as a whole",
    "examples": [{"user_id": fields.REQUIRED}],
}
FIELD_ERRORS = Object("FieldErrors", {**ENVELOPE, "detail": DETAIL}, optional=frozenset({"detail"}))


def parse(schema: Schema) -> dict[str, Any]:
    """The validated JSON object of the request; raises Invalid (400), or 408 and 413 as everywhere."""
    try:
        value = read_object()
    except Invalid as error:
        raise invalid({"body": error.message}) from error
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        raise invalid({field: _first(problem) for field, problem in error.messages_dict.items()}) from error
    return loaded


def invalid(detail: dict[str, str]) -> Invalid:
    return Invalid(VALIDATION_ERROR, detail=detail)


def refused(field: str, problem: str, *others: str) -> ApiResponse:
    """400 for the documents of the API: an example of a field that `invalid` names and of other sentences."""
    examples = dict(refusal(400, VALIDATION_ERROR, detail={field: problem}).examples)
    if others:
        examples |= refusal(400, *others).examples
    return ApiResponse(description=VALIDATION_ERROR, schema=FIELD_ERRORS, examples=examples)


def _first(problem: Any) -> str:
    """marshmallow names the item of a list by its index: `{3: ["Not a valid string."]}`."""
    if isinstance(problem, dict):
        index, inner = next(iter(problem.items()))
        return f"Item {index}: {_first(inner)}"
    return str(problem[0])


def check_name(field: str, value: str) -> str:
    """A name in the path or the query, checked as names in bodies are; raises Invalid."""
    try:
        return str(fields.name().deserialize(value))
    except ValidationError as error:
        raise invalid({field: str(error.messages[0])}) from error


def read_page() -> Page | None:
    try:
        return paging.read_page()
    except Invalid as error:
        raise invalid(dict([split(error.message)])) from error


def split(complaint: str) -> tuple[str, str]:
    """The field and the problem of a sentence that `app/web/fields.py` makes."""
    field, _, problem = complaint.partition(": ")
    return field, problem


def read_choice(name: str, *allowed: str) -> str:
    """A query parameter with a few allowed values, of which the first is the default."""
    value = request.args.get(name, allowed[0])
    if value not in allowed:
        raise invalid({name: not_one_of(*allowed)})
    return value


def not_one_of(*allowed: str) -> str:
    return f"Must be one of: {', '.join(allowed)}."


def read_idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise invalid({"Idempotency-Key": f"Must be 1 to {KEY_LENGTH} printable ASCII characters."})
    return key
