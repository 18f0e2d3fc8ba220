"""Functions that write JSON Schema (2020-12) for answers and events, each with an example.

The example of an object is put together from those of its properties.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Object:
    """A JSON object with a name of its own in the document; every property is there unless `optional`."""

    name: str
    properties: Mapping[str, "AnySchema"]
    optional: frozenset[str] = frozenset()
    description: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        required = [name for name in self.properties if name not in self.optional]
        shown: dict[str, Any] = {"type": "object", "properties": dict(self.properties)}
        if required:
            shown["required"] = required
        return {**shown, "description": self.description} if self.description else shown


AnySchema = Schema | Object


def text(example: str, description: str = "", **more: Any) -> Schema:
    return _described({"type": "string", "examples": [example], **more}, description)


def uuid(example: str, description: str = "") -> Schema:
    return text(example, description, format="uuid")


def time(example: str = "2026-11-21T12:00:00.000Z", description: str = "") -> Schema:
    return text(example, description, format="date-time")


def whole(example: int, description: str = "", **more: Any) -> Schema:
    return _described({"type": "integer", "examples": [example], **more}, description)


def number(example: float, description: str = "") -> Schema:
    return _described({"type": "number", "examples": [example]}, description)


def truth(example: bool = True, description: str = "") -> Schema:
    return _described({"type": "boolean", "examples": [example]}, description)


def exactly(value: Any, description: str = "") -> Schema:
    return _described({"const": value}, description)


def one_of(*values: str, description: str = "") -> Schema:
    """One of these texts; the first is the example."""
    return _described({"type": "string", "enum": list(values)}, description)


def either(*schemas: "AnySchema", description: str = "") -> Schema:
    return _described({"anyOf": list(schemas)}, description)


def nullable(schema: "AnySchema") -> Schema:
    return either(schema, {"type": "null"})


def array(items: "AnySchema", description: str = "", **more: Any) -> Schema:
    return _described({"type": "array", "items": items, **more}, description)


def any_object(example: Mapping[str, Any], description: str = "") -> Schema:
    return _described({"type": "object", "examples": [example]}, description)


def _described(schema: dict[str, Any], description: str) -> Schema:
    return {**schema, "description": description} if description else schema


def example_of(schema: "AnySchema") -> Any:
    """The example of a schema; an object's is put together from those of its properties."""
    shown = schema.schema if isinstance(schema, Object) else schema
    if "examples" in shown:
        return shown["examples"][0]
    if "const" in shown:
        return shown["const"]
    if "enum" in shown:
        return shown["enum"][0]
    if "anyOf" in shown:
        return example_of(shown["anyOf"][0])
    if shown.get("type") == "array":
        return [example_of(shown["items"])]
    if shown.get("type") == "object":
        return {name: example_of(inner) for name, inner in shown["properties"].items()}
    raise ValueError(f"no example in {shown}")
