"""The named schemas of a document, collected while it is made."""

from collections.abc import Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from app.apidocs.json_schema import Object
from app.web.fields import PATTERNS

VERSION = "3.1.0"
PLACE = "#/components/schemas/"


class Components:
    """`resolve` replaces every object and request schema in a value by a reference, and keeps the schema."""

    def __init__(self) -> None:
        self.schemas: dict[str, Any] = {}
        self._sources: dict[str, object] = {}
        spec = APISpec("", "", VERSION)
        # Without names, nested schemas are written out where they stand.
        converter: Any = OpenAPIConverter(VERSION, lambda schema: "", spec)
        converter.add_attribute_function(_own_words)
        self._converter = converter

    def resolve(self, value: Any) -> Any:
        if isinstance(value, Object):
            return self._refer(value.name, value, value.schema)
        if isinstance(value, type) and issubclass(value, Schema):
            return self._refer(_name(value), value, self._converted(value))
        if isinstance(value, Mapping):
            return {key: self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(inner) for inner in value]
        return value

    def _refer(self, name: str, source: object, schema: Mapping[str, Any]) -> dict[str, str]:
        if self._sources.setdefault(name, source) is not source:
            raise ValueError(f"two schemas have the name {name}")
        if name not in self.schemas:
            self.schemas[name] = {}  # found again inside itself, it is a reference
            self.schemas[name] = self.resolve(schema)
        return {"$ref": PLACE + name}

    def _converted(self, schema: type[Schema]) -> dict[str, Any]:
        return {**self._converter.schema2jsonschema(schema()), **getattr(schema, "json_schema", {})}


def _name(schema: type[Schema]) -> str:
    """The area's name and the schema's: two areas may have a `Submission` each."""
    area = schema.__module__.split(".")[1].capitalize()
    return area + getattr(schema, "component", schema.__name__)


def _own_words(self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    """The JSON Schema keywords of the hub's own fields and validators."""
    patterns = [PATTERNS[check] for check in field.validators if check in PATTERNS]
    words = dict(getattr(field, "json_schema", {}))
    if len(patterns) > 1:
        words["allOf"] = [{"pattern": pattern} for pattern in patterns]
    elif patterns:
        words["pattern"] = patterns[0]
    return words
