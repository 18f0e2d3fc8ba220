"""The two descriptions of a concept's shape, for models and for what they answer, say the same."""

from typing import Any

import pytest
from marshmallow import Schema, fields

from app.tasks.providers.base import ConceptSchema, problem_of
from app.tasks.providers.openai import SCHEMA


def shape_of_schema(schema: dict[str, Any]) -> Any:
    if schema["type"] == "object":
        return {name: shape_of_schema(part) for name, part in schema["properties"].items()}
    return [shape_of_schema(schema["items"])] if schema["type"] == "array" else schema["type"]


def shape_of_fields(field: Schema | fields.Field[Any]) -> Any:
    if isinstance(field, Schema):
        return {name: shape_of_fields(inner) for name, inner in field.fields.items()}
    if isinstance(field, fields.Nested):
        return shape_of_fields(field.schema)
    return [shape_of_fields(field.inner)] if isinstance(field, fields.List) else "string"


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    inner = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return [found for part in inner for found in objects(part)] + [schema] * (schema["type"] == "object")


def test_they_agree() -> None:
    assert shape_of_schema(SCHEMA) == shape_of_fields(ConceptSchema())


def test_strict_mode_takes_it() -> None:
    """Strict structured outputs want every property required and no others."""
    assert len(objects(SCHEMA)) == 4
    for part in objects(SCHEMA):
        assert set(part["required"]) == set(part["properties"]) and part["additionalProperties"] is False


@pytest.mark.parametrize("value", [None, [], "x", 1, {}])
def test_no_concept(value: Any) -> None:
    assert problem_of(value) is not None
