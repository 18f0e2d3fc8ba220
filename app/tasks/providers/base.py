"""The contract of a provider: it turns a picture into a concept, or says why it can't.

`describe` returns a JSON object that has at least what `concept.schema.json` asks for, and a `generator` that
says what made it: `{provider, model, note}`, `model` None where none was used. It raises TaskFailure when
another try would end the same way, TryAgain otherwise. It runs in a greenlet and may be ended at any moment
by the task's deadline; whatever takes processor time belongs into threads (`pictures.on_threads`).
"""

from typing import Any, Protocol

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from app.tasks.pictures import Picture

LINE, PROSE = validate.Length(1, 500), validate.Length(1, 5000)


class Provider(Protocol):
    def describe(self, picture: Picture, ad_archive_id: str) -> dict[str, Any]: ...


class _Part(Schema):
    """What is not named is left out."""

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


class Concept(_Part):
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
    """What is wrong with the shape of a concept, as `path: sentence`; None when nothing is."""
    if not isinstance(concept, dict):
        return "the answer is not a JSON object"
    try:
        Concept().load(concept)
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
