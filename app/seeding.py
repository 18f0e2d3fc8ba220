"""Users and constellations from a file, for trying things out and for new deployments. Idempotent.

YAML: `users: [{name, email, password, operator?}]` and
`constellations: [{name, owner, members?: {name: rights}}]`.
CSV: a header line with `name,email,password` and, if wanted, `operator` (1 or 0); users only.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate
from sqlalchemy import select

from app import fields as texts
from app.accounts import service as accounts
from app.auth.models import User
from app.constellations import members
from app.constellations import service as constellations
from app.constellations.rights import Rights, find_rights
from app.errors import DomainError, Invalid
from app.extensions import db

DEMO = Path(__file__).parent / "demo.yaml"


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
    members = fields.Dict(
        keys=fields.String(),
        values=fields.String(validate=validate.OneOf(Rights.__members__)),
        load_default=dict,
    )


class _File(Schema):
    users = fields.List(fields.Nested(_User), load_default=list)
    constellations = fields.List(fields.Nested(_Constellation), load_default=list)


class Seed:
    """What a file asks for; raises Invalid with the place of the first mistake."""

    def __init__(self, path: Path) -> None:
        try:
            content = _read(path)
            self._wanted: dict[str, Any] = _File().load(content)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, csv.Error) as error:
            raise Invalid(f"{path} can't be read: {error}") from error
        except ValidationError as error:
            raise Invalid(f"{path}: {_where(error.messages)}") from error

    def __len__(self) -> int:
        return len(self._wanted["users"]) + len(self._wanted["constellations"])

    def apply(self) -> Iterator[tuple[str, bool]]:
        """Does one thing after the other; yields what it is called and whether it was made now."""
        for user in self._wanted["users"]:
            yield user["name"], _ensure_user(user)
        for constellation in self._wanted["constellations"]:
            yield constellation["name"], _ensure_constellation(constellation)


def _read(path: Path) -> Any:
    if path.suffix.lower() == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {"users": [{k: v for k, v in row.items() if v and k} for row in csv.DictReader(file)]}
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise Invalid(f"{path} must be a mapping with `users` and `constellations`")
    return content


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
    own = {c["name"]: c["constellation_uuid"] for c in constellations.list_of(owner.uuid, None)}
    is_new = wanted["name"] not in own
    if is_new:
        own[wanted["name"]] = constellations.create(owner.uuid, wanted["name"])["constellation_uuid"]
    for name, rights in wanted["members"].items():
        member = _user(name)
        if find_rights(member.uuid, own[wanted["name"]]) is not Rights[rights]:
            members.connect(owner.uuid, own[wanted["name"]], member.uuid, Rights[rights])
    return is_new


def _user(name: str) -> User:
    user: User | None = db.session.scalar(select(User).where(User.name == name))
    if user is None:
        raise Invalid(f"there is no user named {name}")
    return user
