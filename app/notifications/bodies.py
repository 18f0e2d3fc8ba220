"""Reading a request of this family, whose validation errors name each field.

`{"error": "Validation error", "status": 400, "detail": {field: what is wrong with it}}`; what is wrong with
the body as a whole stands under `body`.
"""

from typing import Any

from marshmallow import Schema, ValidationError

from app.body import read_object
from app.errors import Invalid


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
