"""The cast of the notification hub: the back end of a shop, and the inboxes of those it writes to."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from flask import Flask

from app.auth import clients, subscribers
from tests.cast import Person
from tests.conftest import MakeApp
from tests.support.sse import Decoder, ServerEvent
from tests.support.wait import wait_until

OpenInbox = Callable[..., "Inbox"]


class Service(Person):
    """A back end with a token; its `uuid` is the client's id."""

    def notify(self, *users: str, groups: tuple[str, ...] = (), payload: str = "hello") -> str:
        """The message's id."""
        body = {"users": list(users), "groups": list(groups), "payload": payload}
        response = self.post("/api/message/notify", json=body)
        assert response.status_code == 202, response.text
        return str(response.get_json()["id"])

    def acknowledge(self, user: str, *ids: str) -> int:
        body = {"user_id": user, "message_ids": list(ids)}
        response = self.post("/api/message/acknowledge", json=body)
        assert response.status_code == 202, response.text
        return int(response.get_json()["acknowledged"])

    def group(self, name: str, *users: str) -> int:
        return int(self.post("/api/group", json={"name": name, "users": list(users)}).get_json()["id"])

    def messages(self, user: str, state: str = "unread") -> list[dict[str, Any]]:
        response = self.get(f"/api/user/{user}/messages?state={state}")
        assert response.status_code == 200, response.text
        return list(response.get_json()["list"])

    def unread(self, user: str) -> list[str]:
        """The payloads."""
        return [message["payload"] for message in self.messages(user)]


class Inbox:
    """A stream that is read in the background, as far as it came."""

    def __init__(self, app: Flask, path: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.response = app.test_client(use_cookies=False).get(path, headers=headers)
        self.events: list[ServerEvent] = []
        self.is_over = False
        self._reading = gevent.spawn(self._read) if self.response.status_code == 200 else None

    def _read(self) -> None:
        decoder = Decoder()
        for chunk in self.response.iter_encoded():
            self.events += decoder.feed(chunk)
        self.is_over = True

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.events if event.name == "message"]

    @property
    def payloads(self) -> list[str]:
        return [message["payload"] for message in self.messages]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.events if event.name == name]

    def wait_for(self, *payloads: str) -> None:
        """Until these were read, and nothing else."""
        wait_until(lambda: len(self.payloads) >= len(payloads), 5, lambda: str(self.payloads))
        assert self.payloads == list(payloads)

    def wait_for_named(self, name: str) -> dict[str, Any]:
        wait_until(lambda: self.named(name), 5, lambda: str(self.events))
        return self.named(name)[0]

    def close(self) -> None:
        if self._reading is not None:
            self._reading.kill()
        self.response.close()


def make_service(app: Flask, name: str = "Shop") -> Service:
    with app.test_request_context():
        client_id, secret = clients.create(name)
        return Service(app, client_id, name, clients.issue_token(client_id, secret))


def subscriber_token(app: Flask, user: str) -> str:
    with app.app_context():
        return subscribers.issue_token(user)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """As a worker that serves: what runs in the background does."""
    app = make_app()
    app.extensions["engine"].serve()
    return app


@pytest.fixture
def shop(app: Flask) -> Service:
    return make_service(app)


@pytest.fixture
def open_inbox(app: Flask) -> Iterator[OpenInbox]:
    """`open_inbox("dora")` → her stream, closed after the test."""
    opened: list[Inbox] = []

    def open_one(user: str, token: str = "") -> Inbox:
        opened.append(Inbox(app, "/sse", token or subscriber_token(app, user)))
        return opened[-1]

    yield open_one
    for inbox in opened:
        inbox.close()
