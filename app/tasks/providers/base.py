"""The contract of a provider: it writes the concept of a picture.

`describe` returns a JSON object with at least the properties that `concept.schema.json` requires, and a
`generator`: `{provider, model, note}`, `model` None where none was used. It raises TryAgain where another
attempt may succeed, else TaskFailure. It runs in a greenlet, which the task's deadline may end at any moment;
work that takes processor time runs on threads (`pictures.on_threads`).
"""

from typing import Any, Protocol

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from app.tasks.pictures import Picture

LINE, PROSE = validate.Length(1, 500), validate.Length(1, 5000)


class Provider(Protocol):
    def describe(self, picture: Picture, ad_archive_id: str) -> dict[str, Any]: ...


class _Part(Schema):
    """Drops properties that the schema does not name."""

    class Meta:
        unknown = EXCLUDE


class _Element(_Part):
    type = fields.String(required=True, validate=LINE)
    position = fields.String(required=True, validate=LINE)
    description = fields.String(required=True, validate=PROSE)


class _Details(_Part):
    elements = fields.List(fields.Nested(_Element), required=True, validate=validate.Length(0, 100))
    composition = fields.String(required=True, validate=PROSE)


class _PaletteEntry(_Part):
    hex = fields.String(
        required=True, validate=validate.Regexp(r"#[0-9a-fA-F]{6}\Z", error="Must be like #1a2b3c.")
    )
    name = fields.String(required=True, validate=LINE)
    role = fields.String(required=True, validate=LINE)


class ConceptSchema(_Part):
    """The same as `concept.schema.json`, with bounds; tests compare the two."""

    title = fields.String(required=True, validate=LINE)
    summary = fields.String(required=True, validate=PROSE)
    details = fields.Nested(_Details, required=True)
    visual_flow = fields.String(required=True, validate=PROSE)
    visual_tone = fields.String(required=True, validate=PROSE)
    color_palette = fields.List(fields.Nested(_PaletteEntry), required=True, validate=validate.Length(1, 50))
    spacing_strategy = fields.String(required=True, validate=PROSE)
    best_practices = fields.List(
        fields.String(validate=PROSE), required=True, validate=validate.Length(0, 50)
    )


def problem_of(concept: Any) -> str | None:
    """The first mismatch between a concept and the schema, as `path: sentence`; None where it fits."""
    if not isinstance(concept, dict):
        return "the answer is not a JSON object"
    try:
        ConceptSchema().load(concept)
    except ValidationError as error:
        return _first(error.messages)
    return None


def _first(messages: Any) -> str:
    """marshmallow's first complaint, with the path that leads to it."""
    path = []
    while isinstance(messages, dict):
        name, messages = next(iter(messages.items()))
        path += [str(name)] if name != "_schema" else []  # that one stands for the whole
    return f"{'.'.join(path)}: {messages[0]}"
