"""The error answers: the envelope of app/errors.py, and the errors that calls have in common."""

from collections.abc import Mapping
from typing import Any

from app import errors
from app.apidocs.json_schema import AnySchema, Object, Schema, text, whole
from app.apidocs.operation import ApiResponse, Operation, RequestBody
from app.apidocs.security import NO_CREDENTIALS
from app.web.body import INVALID_JSON, NOT_JSON

ENVELOPE = {
    "error": text("Not found", "One sentence, safe to show"),
    "status": whole(404, "The HTTP status once more"),
}
ERROR = Object("Error", ENVELOPE)
RETRY_AFTER = {"Retry-After": whole(2, "Seconds to wait before trying again")}
LIMITS = {
    "RateLimit-Limit": whole(10, "How many are allowed in the window"),
    "RateLimit-Remaining": whole(0, "How many are left"),
    "RateLimit-Reset": whole(42, "Seconds until the window ends"),
}
COMMON: dict[int, tuple[type[errors.DomainError], str, dict[str, Any]]] = {
    401: (errors.Unauthorized, "No credentials, or bad ones", {}),
    408: (errors.TooSlow, "The body took longer than `BODY_SECONDS`", {}),
    413: (errors.TooLarge, "The body is larger than `MAX_BODY_BYTES`", {}),
    429: (errors.RateLimited, "Over the rate limit", {**RETRY_AFTER, **LIMITS}),
    500: (errors.DomainError, "A defect of the hub", {}),
    503: (errors.Unavailable, "A part that is needed is away", RETRY_AFTER),
}


def refusal(
    status: int,
    *sentences: str,
    schema: AnySchema = ERROR,
    headers: Mapping[str, Schema] | None = None,
    **more: Any,
) -> ApiResponse:
    """An error answer with one example for each sentence; `more` stands in each example's body."""
    bodies = [errors.body(sentence, status, **more) for sentence in sentences]
    return ApiResponse(
        description=sentences[0],
        schema=schema,
        examples={_key(body["error"]): body for body in bodies},
        headers=headers or (COMMON[status][2] if status in COMMON else {}),
    )


def _common(status: int) -> ApiResponse:
    kind, description, headers = COMMON[status]
    body = errors.body(kind.message, status)
    return ApiResponse(description=description, schema=ERROR, examples={"example": body}, headers=headers)


SHARED = {COMMON[status][0].__name__: _common(status) for status in COMMON}
"""The answers that stand in the document once, by name; operations refer to them."""


def all_of(operation: Operation) -> dict[int, ApiResponse]:
    """The errors of the description, and those that calls of this kind have in common."""
    found = {
        status: said
        if isinstance(said, ApiResponse)
        else refusal(status, *([said] if isinstance(said, str) else said))
        for status, said in operation.errors.items()
    }
    if operation.body is not None and not {400, 422} & set(found) and _is_json(operation.body):
        found[400] = refusal(400, NOT_JSON, INVALID_JSON)
    for status in _common_to(operation):
        found.setdefault(status, SHARED[COMMON[status][0].__name__])
    return found


def _is_json(body: RequestBody) -> bool:
    return body.content_type == "application/json"


def _common_to(operation: Operation) -> list[int]:
    is_closed = bool(operation.needs) and NO_CREDENTIALS not in operation.needs
    return [
        *([401] if is_closed and operation.unauthorized == 401 else []),
        *([408, 413] if operation.body is not None else []),
        *([429] if operation.is_limited else []),
        *(500, 503),
    ]


def _key(sentence: str) -> str:
    """`Folder not found` → `folder-not-found`: names of examples."""
    return "-".join("".join(c if c.isalnum() else " " for c in sentence.lower()).split())[:60]
