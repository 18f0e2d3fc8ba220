"""The description of one call. Pure data; openapi_document.py puts it into the document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema as RequestSchema

from app.apidocs.json_schema import AnySchema, Schema, example_of, text, whole
from app.web.paging import DEFAULT_SIZE, LARGEST_SIZE, LAST_PAGE

JSON, EVENTS = "application/json", "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """The answer of a call with one status. Without a schema there is no body.

    `headers` are header names with their schemas, `some_headers` those that only some such answers have;
    `others` are further forms by content type.
    """

    description: str
    schema: AnySchema | None = None
    content_type: str = JSON
    examples: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    some_headers: Mapping[str, Schema] = field(default_factory=dict)
    others: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RequestBody:
    """The body of a request. `schema` is the class that validates it, or a JSON schema where none does."""

    schema: type[RequestSchema] | AnySchema
    examples: Mapping[str, Any]
    content_type: str = JSON
    is_required: bool = True


@dataclass(frozen=True, kw_only=True)
class Parameter:
    name: str
    schema: Schema
    description: str = ""
    place: str = "query"
    is_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One call.

    `needs` names the ways to authenticate (security.py), any of which is enough; NO_CREDENTIALS among them
    makes them optional. `errors` are sentences by status, each shown as an error body. The errors that every
    call of its kind may answer (401, 408, 413, 429, 500, 503) are added by errors.py. `unauthorized` is the
    status for bad credentials.
    """

    summary: str
    answers: Mapping[int, ApiResponse]
    errors: Mapping[int, "str | tuple[str, ...] | ApiResponse"] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    body: RequestBody | None = None
    parameters: tuple[Parameter, ...] = ()
    is_limited: bool = False
    unauthorized: int = 401
    description: str = ""


def ok(schema: AnySchema, description: str = "OK", **more: Any) -> ApiResponse:
    """A JSON answer; without `examples` its example is the schema's."""
    return ApiResponse(description=description, schema=schema, **more)


def examples_of(answer: ApiResponse) -> Mapping[str, Any]:
    if answer.schema is None or answer.examples:
        return answer.examples
    return {"example": example_of(answer.schema)}


def message(sentence: str) -> ApiResponse:
    """`{"message": sentence}`."""
    return ok({"type": "object", "properties": {"message": {"const": sentence}}, "required": ["message"]})


def json(schema: type[RequestSchema] | AnySchema, is_required: bool = True, **examples: Any) -> RequestBody:
    """A JSON body with one example at least, by name."""
    return RequestBody(schema=schema, examples=examples, is_required=is_required)


def query(name: str, schema: Schema, description: str = "") -> Parameter:
    return Parameter(name=name, schema=schema, description=description)


PAGE = (
    query("page", whole(1, minimum=1, maximum=LAST_PAGE), "Without it, everything"),
    query(
        "per_page",
        whole(DEFAULT_SIZE, minimum=1, maximum=LARGEST_SIZE, default=DEFAULT_SIZE),
        "Only with `page`",
    ),
)
CURSOR = (
    Parameter(
        name="Last-Event-ID",
        schema=text("7c97b8f64469.5"),
        place="header",
        description="Where the client left off; browsers send it by themselves",
    ),
    query("lastEventId", text("7c97b8f64469.5"), "The same, for clients that can't set headers"),
    query("last_event_id", text("7c97b8f64469.5"), "The same"),
)


def stream(description: str, example: str) -> ApiResponse:
    """An event stream; the events themselves are in /asyncapi.json."""
    return ApiResponse(
        description=description,
        schema={"type": "string"},
        content_type=EVENTS,
        examples={"example": example},
        headers={
            "Cache-Control": {"const": "no-cache, no-store"},
            "X-Accel-Buffering": {"const": "no"},
        },
    )
