"""The OpenAPI 3.1 document. https://spec.openapis.org/oas/v3.1.1.html"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from app.apidocs import security
from app.apidocs.components import Components
from app.apidocs.errors import SHARED, all_of
from app.apidocs.json_schema import text, uuid
from app.apidocs.operation import ApiResponse, Operation, Parameter, RequestBody, examples_of
from app.apidocs.registered import Route, routes

ABOUT = Path(__file__).parent / "about.md"
REQUEST_ID = {"X-Request-ID": text("5f0c2a9d1b3e-1c", "Names the request in the hub's logs")}


def openapi(app: Flask) -> dict[str, Any]:
    """The document of the registered routes. It leaves out a route without a description; a test finds it."""
    components, needed = Components(), {security.NO_CREDENTIALS}
    paths: dict[str, Any] = {}
    tags: dict[str, str] = {}
    for route in routes(app):
        said = route.description.operation if route.description else None
        if said is None or route.tag is None:
            continue
        tags[route.tag.title] = route.tag.text
        needed |= {*said.needs}
        operation = components.resolve(_operation(route, said, route.tag.title))
        for method in route.methods:
            paths.setdefault(route.path, {})[method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "The hub", "version": "1", "description": ABOUT.read_text(encoding="utf-8")},
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": told} for name, told in sorted(tags.items())],
        "paths": paths,
        "components": {
            "responses": components.resolve({name: _response(said) for name, said in SHARED.items()}),
            "headers": {name: {"schema": schema, "required": True} for name, schema in REQUEST_ID.items()},
            "schemas": dict(sorted(components.schemas.items())),
            "securitySchemes": {
                name: security.scheme(name) for name in sorted(needed - {security.NO_CREDENTIALS})
            },
        },
    }


def _operation(route: Route, said: Operation, tag: str) -> dict[str, Any]:
    answers = {**said.answers, **all_of(said)}
    shown: dict[str, Any] = {
        "operationId": _camel(route.name),
        "tags": [tag],
        "summary": said.summary,
        "security": [{name: []} if name else {} for name in said.needs],
        "responses": {str(status): _response_or_reference(answers[status]) for status in sorted(answers)},
    }
    parameters = [*map(_path_parameter, route.parameters), *map(_parameter, said.parameters)]
    if said.description:
        shown["description"] = said.description
    if parameters:
        shown["parameters"] = parameters
    if said.body is not None:
        shown["requestBody"] = _body(said.body)
    return shown


def _camel(name: str) -> str:
    """`members.list_users` → `membersListUsers`."""
    first, *rest = name.replace(".", "_").split("_")
    return first + "".join(word.capitalize() for word in rest)


def _path_parameter(name: str) -> dict[str, Any]:
    is_uuid = name.endswith("_uuid")
    schema = uuid("5cec8b3f-5c55-4c0e-8a6e-1f4f5b0a9d11") if is_uuid else text("dora", minLength=1)
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(said: Parameter) -> dict[str, Any]:
    shown = {"name": said.name, "in": said.place, "required": said.is_required, "schema": said.schema}
    return {**shown, "description": said.description} if said.description else shown


def _body(said: RequestBody) -> dict[str, Any]:
    content = {said.content_type: {"schema": said.schema, **_examples(said.examples)}}
    return {"required": said.is_required, "content": content}


def _response_or_reference(said: ApiResponse) -> dict[str, Any]:
    shared = next((name for name, answer in SHARED.items() if answer is said), None)
    return {"$ref": f"#/components/responses/{shared}"} if shared else _response(said)


def _response(said: ApiResponse) -> dict[str, Any]:
    headers: dict[str, Any] = {name: {"$ref": f"#/components/headers/{name}"} for name in REQUEST_ID}
    headers |= {name: {"schema": schema, "required": True} for name, schema in said.headers.items()}
    headers |= {name: {"schema": schema} for name, schema in said.some_headers.items()}
    shown: dict[str, Any] = {"description": said.description, "headers": headers}
    if said.schema is not None:
        shown["content"] = {said.content_type: {"schema": said.schema, **_examples(examples_of(said))}}
        shown["content"] |= {form: {"schema": schema} for form, schema in said.others.items()}
    return shown


def _examples(given: Mapping[str, Any]) -> dict[str, Any]:
    return {"examples": {name: {"value": value} for name, value in given.items()}}
