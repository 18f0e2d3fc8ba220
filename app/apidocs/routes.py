"""`/openapi.json`, `/asyncapi.json`, and `/docs`, a page to read the first in (Swagger UI, from here)."""

import gzip
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, request
from flask.typing import ResponseReturnValue

from app.apidocs.asyncapi_document import asyncapi
from app.apidocs.describe import describe, tag, undescribed
from app.apidocs.json_schema import text
from app.apidocs.openapi_document import openapi
from app.apidocs.operation import ApiResponse
from app.errors import NotFound
from app.extensions import Part

blueprint = Blueprint("documents", __name__)
tag("Documents", "The documents about all this.", blueprint)

documents_part: Part[dict[str, bytes]] = Part("documents")
"""Each document as JSON by its name, once it was asked for."""

Build = Callable[[Flask], dict[str, Any]]
ASSETS = Path(__file__).parent / "assets"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
# The page runs its own files alone; the images are those that its style sheet holds as data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


TAGGED = {"ETag": text('"5e1c0b"')}


def _answers(name: str, version: str) -> dict[int, ApiResponse]:
    shown = ApiResponse(
        description=f"{name} {version}",
        schema={"type": "object"},
        examples={"example": {name: version}},
        headers=TAGGED,
    )
    return {200: shown, 304: ApiResponse(description="As `If-None-Match` knows it", headers=TAGGED)}


@blueprint.get("/openapi.json")
@describe(summary="This document", answers=_answers("openapi", "3.1.0"))
def openapi_json() -> ResponseReturnValue:
    return _document("openapi", openapi)


@blueprint.get("/asyncapi.json")
@describe(summary="Streams and sockets", answers=_answers("asyncapi", "3.0.0"))
def asyncapi_json() -> ResponseReturnValue:
    return _document("asyncapi", asyncapi)


@blueprint.get("/docs")
@undescribed
def page() -> ResponseReturnValue:
    response = _file("page.html")
    response.headers["Content-Security-Policy"] = POLICY
    return response


@blueprint.get("/docs/<name>")
@undescribed
def asset(name: str) -> ResponseReturnValue:
    if name not in _names():
        raise NotFound()
    return _file(name)


def _document(name: str, build: Build) -> Response:
    """Made for the first request and kept: the routes no longer change."""
    made = documents_part.current
    if name not in made:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        made[name] = orjson.dumps(build(app))
    return _tagged(Response(made[name], content_type="application/json"))


def _file(name: str) -> Response:
    """Assets are stored compressed, as most clients take them."""
    packed = ASSETS / f"{name}.gz"
    is_packed = packed.exists()
    data = _read(packed if is_packed else ASSETS / name)
    takes_packed = request.accept_encodings["gzip"] > 0
    response = Response(gzip.decompress(data) if is_packed and not takes_packed else data)
    response.content_type = TYPES[Path(name).suffix]
    if is_packed:
        response.vary.add("Accept-Encoding")
        if takes_packed:
            response.content_encoding = "gzip"
    return _tagged(response)


def _tagged(response: Response) -> Response:
    """Adds an ETag: clients ask each time, and mostly get 304 (RFC 9110, 13.1.2)."""
    response.set_etag(sha256(response.get_data()).hexdigest()[:16])
    response.headers["Cache-Control"] = "no-cache"
    response.make_conditional(request)
    return response


@cache
def _names() -> frozenset[str]:
    return frozenset(
        path.name.removesuffix(".gz") for path in ASSETS.iterdir() if path.suffix in {".gz", *TYPES}
    )


@cache
def _read(path: Path) -> bytes:
    return path.read_bytes()
