"""Users, constellations and bots from a file, for trying things out and for new deployments. Idempotent.

YAML: `users: [{name, email, password, operator?}]`,
`constellations: [{name, owner, description?, members?: {name: rights}, files?: {name: content}}]` and
`bots: [name]` (`flask bot token` prints their credentials).
CSV: a header line with `name,email,password` and, if wanted, `operator` (1 or 0); users only.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import select

from app.accounts import service as accounts
from app.auth.models import User
from app.constellations.rights import Rights, find_rights
from app.constellations.services import constellations, files, members
from app.errors import DomainError, Invalid
from app.extensions import db
from app.gateway import bots
from app.web import fields as texts

DEMO = Path(__file__).parent / "demo.yaml"
MAX_DEPTH = 10
"""Of nested lists and mappings; a file that makes sense has four."""


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
    """Refuses what is nested deeper than it could make sense, long before it would exhaust the stack."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self._depth > MAX_DEPTH:
            raise yaml.YAMLError("nested too deeply")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class Seed:
    """What a file asks for; raises Invalid with the place of the first mistake."""

    def __init__(self, path: Path) -> None:
        try:
            content = _read(path)
            self._wanted: dict[str, Any] = _File().load(content)
        except (OSError, ValueError, yaml.YAMLError, csv.Error) as error:
            raise Invalid(f"{path} can't be read: {_problem(error)}") from error
        except ValidationError as error:
            raise Invalid(f"{path}: {_where(error.messages)}") from error

    def __len__(self) -> int:
        return sum(map(len, self._wanted.values()))

    def apply(self) -> Iterator[tuple[str, bool]]:
        """Does one thing after the other; yields what it is called and whether it was made now."""
        for user in self._wanted["users"]:
            yield user["name"], _ensure_user(user)
        for constellation in self._wanted["constellations"]:
            try:
                yield constellation["name"], _ensure_constellation(constellation)
            except DomainError as error:
                raise Invalid(f"constellation {constellation['name']}: {error.message}") from error
        for bot in self._wanted["bots"]:
            yield bot, _ensure_bot(bot)


def _read(path: Path) -> Any:
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {"users": [{k: v for k, v in row.items() if v and k} for row in csv.DictReader(file)]}
    content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    if not isinstance(content, dict):
        raise Invalid(f"{path} must be a mapping with `users` and `constellations`")
    return content


def _problem(error: Exception) -> str:
    """One line; YAML's own message would quote the file, and with it passwords."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())


def _where(messages: Any) -> str:
    """marshmallow's first complaint with the way to it, as `users.3.email: …`."""
    way = []
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        way.append(str(key))
    return f"{'.'.join(way)}: {messages[0]}"


def _ensure_user(wanted: dict[str, Any]) -> bool:
    found = accounts.find_user(wanted["name"])
    if found is not None and found.email == wanted["email"].lower():
        return False
    try:
        accounts.create_user(wanted["name"], wanted["email"], wanted["password"], wanted["operator"])
    except DomainError as error:
        raise Invalid(f"user {wanted['name']}: {error.message}") from error
    return True


def _ensure_constellation(wanted: dict[str, Any]) -> bool:
    owner = _user(wanted["owner"])
    uuid = _find_constellation(owner.uuid, wanted["name"])
    is_new = uuid is None
    if uuid is None:
        uuid = _make_constellation(owner.uuid, wanted)
    for name, rights in wanted["members"].items():
        member = _user(name)
        if find_rights(member.uuid, uuid) is None:
            members.connect(owner.uuid, uuid, member.uuid, Rights[rights])
    return is_new


def _make_constellation(owner_uuid: str, wanted: dict[str, Any]) -> str:
    made = constellations.create(owner_uuid, wanted["name"], wanted.get("description", ""))
    for name, content in wanted["files"].items():
        files.create(owner_uuid, made["root_folder_uuid"], name=name, content=content)
    return str(made["constellation_uuid"])


def _ensure_bot(name: str) -> bool:
    if bots.find(name) is not None:
        return False
    try:
        bots.create(name)
    except DomainError as error:
        raise Invalid(f"bot {name}: {error.message}") from error
    return True


def _find_constellation(owner_uuid: str, name: str) -> str | None:
    """One of which the owner is an ADMIN; those that others share with the owner are theirs."""
    for found in constellations.list_of(owner_uuid, None):
        if (found["name"], found["rights"]) == (name, Rights.ADMIN.name):
            return str(found["constellation_uuid"])
    return None


def _user(name: str) -> User:
    user: User | None = db.session.scalar(select(User).where(User.name == name))
    if user is None:
        raise Invalid(f"there is no user named {name}")
    return user
