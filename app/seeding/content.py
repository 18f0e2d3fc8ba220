"""The content of a seed file, read and checked.

YAML: `users: [{name, email, password, operator?}]`,
`constellations: [{name, owner, description?, members?: {name: rights}, files?: {name: content}}]` and
`bots: [name]` (`flask bot token` prints their credentials).
CSV: a header line with `name,email,password` and optionally `operator` (1 or 0); users only.
"""

import csv
from pathlib import Path
from typing import Any

import yaml
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from app.constellations.rights import Rights
from app.errors import Invalid
from app.web import fields as texts

MAX_DEPTH = 10
"""Of nested lists and mappings; a valid file has four levels."""


def read_seed(path: Path) -> dict[str, Any]:
    """`{users, constellations, bots}`; raises Invalid with the place of the first mistake."""
    try:
        content: dict[str, Any] = _File().load(_read(path))
    except (OSError, ValueError, yaml.YAMLError, csv.Error) as error:
        raise Invalid(f"{path} can't be read: {_problem(error)}") from error
    except ValidationError as error:
        raise Invalid(f"{path}: {_where(error.messages)}") from error
    return content


class _User(Schema):
    class Meta:
        unknown = EXCLUDE

    name = texts.name()
    email = texts.email()
    password = texts.password()
    operator = fields.Boolean(load_default=False)


class _Constellation(Schema):
    name = texts.name()
    owner = fields.String(required=True)
    description = texts.text(texts.DESCRIPTION_LENGTH, required=False)
    members = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.OneOf(Rights.__members__)),
        load_default=dict,
    )
    files = fields.Dict(keys=texts.name(), values=texts.content(), load_default=dict)


class _File(Schema):
    users = fields.List(fields.Nested(_User), load_default=list)
    constellations = fields.List(fields.Nested(_Constellation), load_default=list)
    bots = fields.List(fields.String(), load_default=list)


class _Loader(yaml.SafeLoader):
    """Refuses deep nesting before it exhausts the stack."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth > MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _read(path: Path) -> Any:
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {"users": [{k: v for k, v in row.items() if v and k} for row in csv.DictReader(file)]}
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    if not isinstance(content, dict):
        raise Invalid(f"{path} must be a mapping with `users` and `constellations`")
    return content


def _problem(error: Exception) -> str:
    """One line, without YAML's own message, which quotes the file and so its passwords."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def _where(messages: Any) -> str:
    """The first error of marshmallow with its path, as `users.3.email: …`."""
    path = []
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        path.append(str(key))
    return f"{'.'.join(path)}: {messages[0]}"
