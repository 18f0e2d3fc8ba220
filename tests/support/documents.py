"""Reading the documents of the API: their operations, and validators for the schemas in them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FunctionType
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator

from app.apidocs.describe import Description, description_of

Document = dict[str, Any]


class Operation(NamedTuple):
    method: str
    path: str
    said: dict[str, Any]

    @property
    def call(self) -> str:
        return f"{self.method} {self.path}"


def operations(openapi: Document) -> Iterator[Operation]:
    for path, item in openapi["paths"].items():
        for method, said in item.items():
            yield Operation(method.upper(), path, said)


def described_views() -> Iterator[tuple[str, Description]]:
    """Every function of the imported modules that carries a description."""
    for module in [module for name, module in sys.modules.items() if name.partition(".")[0] == "app"]:
        for name, value in vars(module).items():
            if type(value) is FunctionType and (found := description_of(value)) is not None:
                yield f"{module.__name__}.{name}", found


def follow(document: Document, value: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to; any other value as it is."""
    while "$ref" in value:
        found: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def validator(document: Document, schema: dict[str, Any], is_strict: bool = False) -> Draft202012Validator:
    """Of a schema that stands in the document; a strict one allows no property that is not described."""
    components = {"components": {"schemas": document["components"]["schemas"]}}
    whole = {"allOf": [schema], **components}
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(_closed(whole) if is_strict else whole, format_checker=checker)


def problems(document: Document, schema: dict[str, Any], value: Any, is_strict: bool = False) -> list[str]:
    errors = validator(document, schema, is_strict).iter_errors(value)
    return [f"{error.json_path}: {error.message}" for error in errors]


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(inner) for key, inner in schema.items()}
    is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    return {"additionalProperties": False, **closed} if is_object else closed
