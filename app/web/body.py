"""Reading a request body within its bounds of size and time: as bytes, text, or JSON that fits a schema."""

from typing import Any

import gevent
import orjson
from flask import Request, current_app, request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import HTTPException

from app.errors import Invalid, TooLarge, TooSlow
from app.extensions import db
from app.web.fields import complaint

# Key of the WSGI environment: whether the body was read to its end. Absent until reading begins.
WHOLE = "hub.body_is_whole"

NOT_JSON = "Content-Type must be application/json"
NOT_UTF8 = "The body is not valid UTF-8"
INVALID_JSON = "The body is not valid JSON"


def parse(schema: Schema) -> dict[str, Any]:
    """The validated JSON object of the request; raises Invalid (400) with one sentence, or 413."""
    return load(schema, read_object())


def read_object() -> dict[str, Any]:
    """The body as a JSON object (RFC 8259: UTF-8, no NaN, no lone surrogates); raises Invalid."""
    return _to_object(read_body())  # first, because a body that is too large is 413 whatever it is


def read_optional_object() -> dict[str, Any]:
    """As `read_object`, but no body at all is an empty object."""
    data = read_body()
    return _to_object(data) if data else {}


def read_text() -> str:
    """The body as text, whatever its content type; raises Invalid where it is not UTF-8."""
    try:
        return read_body().decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(NOT_UTF8) from error


def read_body() -> bytes:
    """The whole body, at most `MAX_BODY_BYTES` within `BODY_SECONDS`; raises TooLarge, TooSlow, Invalid.

    The client decides how long this takes, so the database connection goes back to the pool first.
    """
    db.session.remove()
    incoming: Request = request._get_current_object()  # type: ignore[attr-defined]  # each access to the proxy costs
    most = current_app.config["MAX_BODY_BYTES"]
    announced = incoming.content_length
    if announced is not None and announced > most:
        raise TooLarge()
    data = _receive(incoming, announced, most, current_app.config["BODY_SECONDS"])
    if len(data) > most:
        raise TooLarge()
    if announced is not None and len(data) < announced:
        raise Invalid("The body ended before its Content-Length")
    incoming.environ[WHOLE] = True
    return data


def _receive(incoming: Request, announced: int | None, most: int, seconds: float) -> bytes:
    incoming.environ[WHOLE] = False
    late = gevent.Timeout(seconds)
    try:
        with late:
            if announced is not None:
                data: bytes = incoming.environ["wsgi.input"].read(announced)
                return data
            incoming.max_content_length = most + 1  # because werkzeug cuts a chunked body off silently
            return incoming.stream.read()
    except gevent.Timeout as timeout:
        if timeout is not late:
            raise
        raise TooSlow() from timeout
    except HTTPException:
        raise
    except Exception as error:  # each server has its own for broken chunks and trailers
        raise Invalid("The body can't be read") from error


def _to_object(data: bytes) -> dict[str, Any]:
    if not request.is_json:
        raise Invalid(NOT_JSON)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Invalid(INVALID_JSON) from error
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
    return problems[0] if field == "_schema" else complaint(field, problems[0])
