"""The documents about all this."""

from app.apidocs.json_schema import text
from app.apidocs.operation import ApiResponse, Operation, Operations

TITLE = "Documents"

TAGGED = {"ETag": text('"5e1c0b"')}
UNCHANGED = ApiResponse(description="As `If-None-Match` knows it", headers=TAGGED)


def _document(name: str, version: str) -> Operation:
    any_object = {"type": "object"}
    example = {"example": {name: version}}
    shown = ApiResponse(description=f"{name} {version}", schema=any_object, examples=example, headers=TAGGED)
    return Operation(
        summary="This document" if name == "openapi" else "Streams and sockets",
        answers={200: shown, 304: UNCHANGED},
    )


OPERATIONS: Operations = {
    "documents.openapi_json": _document("openapi", "3.1.0"),
    "documents.asyncapi_json": _document("asyncapi", "3.0.0"),
    "documents.page": None,
    "documents.asset": None,
}
