"""The cast of the notification hub: the back end of a shop, which holds a service token."""

from collections.abc import Iterator

import pytest
from flask import Flask

from app.auth import clients
from tests.cast import Person


def make_service(app: Flask, name: str = "Shop") -> Person:
    """A service client with a token; its `uuid` is the client's id."""
    with app.test_request_context():
        client_id, secret = clients.create(name)
        return Person(app, client_id, name, clients.issue_token(client_id, secret))


@pytest.fixture
def shop(app: Flask) -> Iterator[Person]:
    yield make_service(app)
