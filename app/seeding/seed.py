"""Makes the users, constellations and bots of a file. Idempotent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from app.accounts import service as accounts
from app.auth.models import User
from app.constellations.rights import Rights, find_rights
from app.constellations.services import constellations, files, members
from app.errors import DomainError, Invalid
from app.extensions import db
from app.gateway import bots
from app.seeding.content import read_seed


class Seed:
    """The content of a file; raises Invalid with the place of its first mistake."""

    def __init__(self, path: Path) -> None:
        self._wanted = read_seed(path)

    def __len__(self) -> int:
        return sum(map(len, self._wanted.values()))

    def apply(self) -> Iterator[tuple[str, bool]]:
        """Makes one entry after the other; yields its name and whether it was missing."""
        for user in self._wanted["users"]:
            yield user["name"], _ensure_user(user)
        for constellation in self._wanted["constellations"]:
            try:
                yield constellation["name"], _ensure_constellation(constellation)
            except DomainError as error:
                raise Invalid(f"constellation {constellation['name']}: {error.message}") from error
        for bot in self._wanted["bots"]:
            yield bot, _ensure_bot(bot)


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
    """The owner's constellation of this name: one where the owner has ADMIN."""
    for found in constellations.list_of(owner_uuid, None):
        if (found["name"], found["rights"]) == (name, Rights.ADMIN.name):
            return str(found["constellation_uuid"])
    return None


def _user(name: str) -> User:
    user: User | None = db.session.scalar(select(User).where(User.name == name))
    if user is None:
        raise Invalid(f"there is no user named {name}")
    return user
