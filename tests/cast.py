"""The cast of the tests at the HTTP edge, loaded by the root conftest as a plugin.

Alice owns the constellation, Bob may read it, Charlie is a stranger. What they do, they do through Flask's
test client; what was published meanwhile is in `news`.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.security import generate_password_hash
from werkzeug.test import TestResponse

from app.auth import tokens
from app.auth.models import User
from app.constellations.models import Membership
from app.constellations.rights import Rights
from app.db.session import transaction
from app.extensions import db
from app.realtime.event import Event
from app.web import body

PASSWORD = "correct horse battery staple"
NOBODY = "00000000-0000-4000-8000-000000000000"  # well formed, and of no object
MALFORMED = ("1", "not-a-uuid", NOBODY[:-1], NOBODY + "0", NOBODY.replace("-", ""), "%00", "%C3%BC", "None")


@dataclass
class Person:
    """A user with an account; the calls carry `token`, or no credentials when it is empty."""

    app: Flask
    uuid: str
    name: str
    token: str

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.app.test_client(use_cookies=False).open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.call("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.call("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.call("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.call("DELETE", path, **options)


@dataclass
class Constellation:
    """Alice's; the methods act as Alice and answer what they made."""

    owner: Person
    uuid: str
    root: str

    @property
    def path(self) -> str:
        return f"/constellations/{self.uuid}"

    def let(self, person: Person, rights: str) -> None:
        """Makes the person a member with these rights, past every rule; "" takes them away."""
        with self.owner.app.app_context(), transaction() as session:
            member = session.get(Membership, (self.uuid, person.uuid))
            if member is not None:
                session.delete(member)
                session.flush()
            if rights:
                values = {"constellation_uuid": self.uuid, "user_uuid": person.uuid}
                session.add(Membership(**values, rights=Rights[rights]))

    def folder(self, name: str = "Notes", parent: str | None = None) -> str:
        body = {"name": name, "parent_folder_uuid": parent or self.root}
        return str(made(self.owner.post("/folders", json=body))["folder_uuid"])

    def file(self, name: str = "note.md", content: str = "Hello", folder: str | None = None) -> str:
        body = {"name": name, "content": content, "folder_uuid": folder or self.root}
        return str(made(self.owner.post("/files", json=body))["file_uuid"])

    def comment(self, file: str, author: Person | None = None, content: str = "Well said") -> str:
        response = (author or self.owner).post(f"/files/{file}/comments", json={"content": content})
        return str(made(response)["comment_uuid"])

    def reply(self, file: str, comment: str, author: Person | None = None) -> str:
        response = (author or self.owner).post(f"/files/{file}/comments/{comment}", json={"content": "Yes"})
        return str(made(response)["reply_uuid"])


@dataclass
class News:
    """Stands in for the engine: notes what is published and which streams are ended, in order."""

    events: list[dict[str, Any]] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    cuts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def invalidate(self) -> None:
        """Invalidating the caches is tested in tests/constellations/test_notify.py."""

    def publish_committed(self, topic: str, event: Event) -> None:
        self.topics.append(topic)
        self.events.append(json.loads(event.data))
        self.order.append(self.events[-1]["type"])

    def disconnect(self, reason: str, **whose: Any) -> None:
        self.cuts.append((reason, whose))
        self.order.append(reason)

    @property
    def only(self) -> tuple[str, dict[str, Any]]:
        """Type and data of the one event that was published."""
        assert len(self.events) == 1, self.events
        return self.events[0]["type"], self.events[0]["data"]

    def clear(self) -> None:
        for noted in (self.events, self.topics, self.cuts, self.order):
            noted.clear()


MakeApp = Callable[..., Flask]  # the fixture `make_app`: keyword arguments are environment variables
NothingChanges = Callable[[], AbstractContextManager[None]]
Meanwhile = Callable[[Callable[[], object]], AbstractContextManager[None]]


def make_person(app: Flask, name: str) -> Person:
    """An account made in the database, with a token that lives an hour."""
    user = User(name=name, email=f"{name.lower()}@example.org", password_hash=quick_hash())
    with app.app_context():
        with transaction() as session:
            session.add(user)
        return Person(app, user.uuid, name, tokens.issue(tokens.ACCOUNT, user.uuid, 3600))


def make_constellation(owner: Person, name: str = "Orion") -> Constellation:
    answer = made(owner.post("/constellations", json={"name": name}))
    return Constellation(owner, answer["constellation_uuid"], answer["root_folder_uuid"])


def made(response: TestResponse) -> Any:
    assert response.status_code == 201, response.text
    return response.get_json()


def ticket_of(person: Person) -> str:
    """For one stream."""
    return str(made(person.post("/api/stream-ticket"))["ticket"])


def assert_refused(response: TestResponse, status: int) -> str:
    """An answer with that status and the error envelope; the sentence in it."""
    assert response.status_code == status, response.text[:500]
    body = response.get_json()
    assert set(body) == {"error", "status"}, body
    assert body["status"] == status
    assert isinstance(body["error"], str) and 0 < len(body["error"]) < 200
    return str(body["error"])


@cache
def quick_hash() -> str:
    """Of PASSWORD, by a method that costs nothing."""
    return generate_password_hash(PASSWORD, "pbkdf2:sha256:1")


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:8]}"


def stored(app: Flask) -> dict[str, list[Any]]:
    """Every row of every table that requests write; leases belong to what goes on in the background."""
    with app.app_context():
        tables = [table for table in db.metadata.sorted_tables if table.name != "leases"]
        return {table.name: sorted(map(repr, db.session.execute(select(table)))) for table in tables}


@pytest.fixture
def alice(app: Flask) -> Person:
    return make_person(app, "Alice")


@pytest.fixture
def bob(app: Flask) -> Person:
    return make_person(app, "Bob")


@pytest.fixture
def charlie(app: Flask) -> Person:
    return make_person(app, "Charlie")


@pytest.fixture
def nobody(app: Flask) -> Person:
    """A caller without credentials."""
    return Person(app, NOBODY, "Nobody", "")


@pytest.fixture
def news(app: Flask) -> Iterator[News]:
    noted = News()
    with patch.dict(app.extensions, engine=noted):
        yield noted


@pytest.fixture
def constellation(alice: Person, bob: Person, news: News) -> Constellation:
    """Alice's, with Bob as a reader; nothing noted yet."""
    found = make_constellation(alice)
    found.let(bob, "READ")
    news.clear()
    return found


@pytest.fixture
def nothing_changes(app: Flask, news: News) -> NothingChanges:
    """Checks that a block leaves every table as it was, publishes nothing and ends no stream."""

    @contextmanager
    def check() -> Iterator[None]:
        before = stored(app)
        news.clear()
        yield
        assert stored(app) == before
        assert news.order == []

    return check


@pytest.fixture
def meanwhile() -> Meanwhile:
    """Lets something happen after a view checked the rights, and before it does what the body asks."""

    @contextmanager
    def during(action: Callable[[], object]) -> Iterator[None]:
        read, pending = body.read_object, [action]

        def read_late() -> dict[str, Any]:
            if pending:
                other = Thread(target=pending.pop())  # a request of its own, with a session of its own
                other.start()
                other.join()
            return read()

        with patch.object(body, "read_object", read_late):
            yield
        assert not pending, "no body was read"

    return during
