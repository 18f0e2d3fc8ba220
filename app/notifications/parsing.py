"""Reading a request of this family, whose validation errors name each field.

`{"error": "Validation error", "status": 400, "detail": {field: what is wrong with it}}`; what is wrong with
the body as a whole stands under `body`.
"""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from app.errors import Invalid
from app.web import fields, paging
from app.web.body import read_object
from app.web.paging import Page

KEY_LENGTH = 255


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
    return Invalid("Validation error", detail=detail)


def _first(problem: Any) -> str:
    """marshmallow names the item of a list by its index: `{3: ["Not a valid string."]}`."""
    if isinstance(problem, dict):
        index, inner = next(iter(problem.items()))
        return f"Item {index}: {_first(inner)}"
    return str(problem[0])


def check_name(field: str, value: str) -> str:
    """A name in the path or the query, by the rules for names in bodies; raises Invalid."""
    try:
        return str(fields.name().deserialize(value))
    except ValidationError as error:
        raise invalid({field: str(error.messages[0])}) from error


def read_page() -> Page | None:
    try:
        return paging.read_page()
    except Invalid as error:
        field, _, problem = error.message.partition(": ")
        raise invalid({field: problem}) from error


def read_choice(name: str, *allowed: str) -> str:
    """A query parameter with few values, the first of which is its default."""
    value = request.args.get(name, allowed[0])
    if value not in allowed:
        raise invalid({name: f"Must be one of: {', '.join(allowed)}."})
    return value


def read_idempotency_key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= KEY_LENGTH and key.isascii() and key.isprintable()):
        raise invalid({"Idempotency-Key": f"Must be 1 to {KEY_LENGTH} printable ASCII characters."})
    return key
