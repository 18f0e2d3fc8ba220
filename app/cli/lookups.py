"""Looks topics up in the hub's database or, with `--token`, by calling the hub."""

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

import click
import jwt
from sqlalchemy import Select, or_, select

from app.auth import tokens
from app.auth.models import User
from app.cli import credentials, topics
from app.cli.remote import HubClient, HubRefused
from app.cli.topics import CONCEPT, CONSTELLATION, GROUP, INBOX, RECIPIENT, TopicLookup, TopicTarget
from app.concepts.models import Concept
from app.constellations.models import Constellation
from app.extensions import db
from app.notifications.models import Group, Recipient
from app.web.identifiers import is_uuid

FEW, MANY = 20, 1000
MESSAGES = ":messages"  # the end of the topic name for a concept's unnamed events
LARGEST_ID = 2**31 - 1


def lookup_for(hub: HubClient, user: str | None) -> TopicLookup:
    """Tokens are those of the account `user`; without it, of an account with sufficient rights."""
    if hub.token and user:
        raise click.UsageError("--user makes a token of its own: leave --token out")
    return HubLookup(hub) if hub.token else DatabaseLookup(credentials.find(user) if user else None)


class DatabaseLookup(TopicLookup):
    def __init__(self, user: User | None) -> None:
        self._user = user

    def look_up(self, kind: str, text: str) -> list[TopicTarget]:
        if "\0" in text:
            return []
        return {
            CONSTELLATION: self._constellations,
            CONCEPT: self._concepts,
            RECIPIENT: self._recipients,
            INBOX: self._inboxes,
            GROUP: self._groups,
        }[kind](text)

    def names(self, kind: str) -> Iterable[str]:
        column: Any = {
            CONSTELLATION: Constellation.name,
            CONCEPT: Concept.ad_archive_id,
            RECIPIENT: Recipient.external_id,
            INBOX: Recipient.id,
            GROUP: Group.name,
        }[kind]
        return [str(name) for name in db.session.scalars(select(column).distinct().limit(MANY))]

    def _constellations(self, text: str) -> list[TopicTarget]:
        mine = or_(Constellation.uuid == text.lower(), Constellation.name == text)
        query = select(Constellation.uuid, Constellation.name).where(mine)
        return [
            topics.constellation(row.uuid, row.name, self._token(partial(credentials.member, row.uuid)))
            for row in _few(query.order_by(Constellation.created_at))
        ]

    def _concepts(self, text: str) -> list[TopicTarget]:
        id = text.removesuffix(MESSAGES)
        query = select(Concept.uuid, Concept.user_uuid, Concept.ad_archive_id).where(
            or_(Concept.uuid == id.lower(), Concept.ad_archive_id == text)
        )
        if self._user is not None:
            query = query.where(Concept.user_uuid == self._user.uuid)
        rows = [(row, partial(credentials.of_uuid, row.user_uuid)) for row in _few(query)]
        return [topics.concept(row.uuid, row.ad_archive_id, token, id == text) for row, token in rows]

    def _recipients(self, text: str) -> list[TopicTarget]:
        names = db.session.scalars(select(Recipient.external_id).where(Recipient.external_id == text))
        return [topics.recipient(name, partial(credentials.subscriber, name)) for name in names]

    def _inboxes(self, text: str) -> list[TopicTarget]:
        found = db.session.get(Recipient, _number(text))
        return self._recipients(found.external_id) if found else []

    def _groups(self, text: str) -> list[TopicTarget]:
        query = select(Group.name).where(or_(Group.name == text, Group.id == _number(text)))
        return [TopicTarget(GROUP, name, name, "", str) for name in db.session.scalars(query)]

    def _token(self, otherwise: Any) -> Any:
        return partial(credentials.account, self._user) if self._user else otherwise


class HubLookup(TopicLookup):
    """Finds the topics that the bearer of the given token may see."""

    def __init__(self, hub: HubClient) -> None:
        self._hub = hub
        self._use, self._subject = _read(hub.token)

    def look_up(self, kind: str, text: str) -> list[TopicTarget]:
        return {
            CONSTELLATION: self._constellations,
            CONCEPT: self._concepts,
            RECIPIENT: self._recipients,
            INBOX: self._inboxes,
            GROUP: self._groups,
        }[kind](text)

    def names(self, kind: str) -> Iterable[str]:
        if kind == CONSTELLATION and self._use == tokens.ACCOUNT:
            return [row["name"] for row in self._mine()]
        return [self._subject] if kind == RECIPIENT and self._use == tokens.SUBSCRIBER else []

    def _constellations(self, text: str) -> list[TopicTarget]:
        if self._use != tokens.ACCOUNT:
            return []
        rows = [(row["constellation_uuid"], row["name"]) for row in self._mine()]
        return [topics.constellation(uuid, name, str) for uuid, name in rows if text in (name, uuid)]

    def _mine(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._hub.call("GET", "/constellations", kind=list)
        return rows

    def _concepts(self, text: str) -> list[TopicTarget]:
        if self._use != tokens.ACCOUNT:
            return []
        id = text.removesuffix(MESSAGES)
        try:
            rows = (
                [self._hub.call("GET", f"/api/ad-concepts/{id}")]
                if is_uuid(id)
                else self._hub.call("GET", "/api/ad-concepts", params={"ids": text})["concepts"]
            )
        except HubRefused as refused:
            if refused.status in (403, 404):
                return []
            raise
        return [topics.concept(row["id"], row["ad_archive_id"], str, id == text) for row in rows]

    def _recipients(self, text: str) -> list[TopicTarget]:
        if self._use == tokens.SUBSCRIBER:
            return [topics.recipient(text, str)] if text == self._subject else []
        path = f"/api/user/{quote(text, safe='')}/messages"
        try:
            self._hub.call("GET", path, params={"page": 1, "per_page": 1})
        except HubRefused as refused:
            if refused.status in (401, 403, 404):  # absent, or not for the bearer of this token to see
                return []
            raise
        return [topics.recipient(text, partial(self._subscriber_token, text))]

    def _inboxes(self, text: str) -> list[TopicTarget]:
        return []  # only the database maps the number to a name

    def _groups(self, text: str) -> list[TopicTarget]:
        return [TopicTarget(GROUP, text, text, "", str)]

    def _subscriber_token(self, name: str) -> str:
        return str(self._hub.call("GET", f"/api/user/{quote(name, safe='')}/token")["access_token"])


def _few(query: Select[*tuple[Any, ...]]) -> Any:
    return db.session.execute(query.limit(FEW))


def _number(text: str) -> int:
    """As a row's id; 0, the id of no row, where the text can't be one."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= LARGEST_ID else 0
    )


def _read(token: str) -> tuple[str, str]:
    """The token's use and subject, unverified: the hub verifies them. Raises ClickException."""
    try:
        payload = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        raise click.ClickException(
            "--token is no token of a hub: `flask --app wsgi token NAME` prints one where it runs"
        ) from error
    return str(payload.get("use", "")), str(payload.get("sub", ""))
