"""Reading a request body: JSON in the shape that a marshmallow schema names, or the family's error."""

from typing import Any

import orjson
from flask import request
from marshmallow import Schema, ValidationError

from app.errors import Invalid


def parse(schema: Schema) -> dict[str, Any]:
    """The validated JSON object of the request; raises Invalid (400) with one sentence, or 413."""
    return load(schema, read_object())


def read_object() -> dict[str, Any]:
    """The body as a JSON object (RFC 8259: UTF-8, no NaN, no lone surrogates); raises Invalid."""
    data = request.get_data(cache=False)  # first, because a body that is too large is 413 whatever it is
    if not request.is_json:
        raise Invalid("Content-Type must be application/json")
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Invalid("The body is not valid JSON") from error
    if not isinstance(value, dict):
        raise Invalid("The body must be a JSON object")
    return value


def load(schema: Schema, value: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        raise Invalid(first_sentence(error.messages)) from error
    return loaded


def first_sentence(messages: Any) -> str:
    """marshmallow's first complaint as `field: what is wrong with it`."""
    field, problems = next(iter(messages.items()))
    while isinstance(problems, dict):
        problems = next(iter(problems.values()))
    return problems[0] if field == "_schema" else f"{field}: {problems[0]}"
