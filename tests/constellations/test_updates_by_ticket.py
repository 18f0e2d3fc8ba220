"""GET /sse/updates/{constellation_uuid}?ticket="""

import base64
import json
from collections.abc import Iterator

import gevent
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.auth import tickets, tokens
from app.realtime import topics
from tests.cast import MakeApp, Person, assert_refused, ticket_of
from tests.support.process import free_port
from tests.support.sse import Decoder


@pytest.fixture
def visitor(app: Flask) -> Person:
    """A page that has a ticket and nothing else."""
    return Person(app, "", "", "")


@pytest.fixture
def path(workspace: str) -> str:
    return f"/sse/updates/{workspace}?ticket="


def blocks(response: TestResponse) -> Iterator[bytes]:
    assert response.status_code == 200, response.text
    return response.iter_encoded()


def closing(stream: Iterator[bytes]) -> list[str]:
    """Data of what is left of a stream, which has to end by itself."""
    decoder = Decoder()
    with gevent.Timeout(10):
        return [event.data for chunk in stream for event in decoder.feed(chunk) if event.name != "message"]


def test_opens_one_stream(alice: Person, visitor: Person, path: str) -> None:
    ticket = ticket_of(alice)
    with visitor.get(path + ticket) as response:
        assert next(blocks(response))
    assert_refused(visitor.get(path + ticket), 401)


def test_of_many_at_once_one_wins(alice: Person, visitor: Person, path: str) -> None:
    ticket = ticket_of(alice)
    tries = [gevent.spawn(visitor.get, path + ticket) for _ in range(50)]
    gevent.joinall(tries, raise_error=True)
    assert sorted(it.value.status_code for it in tries) == [200, *[401] * 49]
    for it in tries:
        it.value.close()


def test_asking_for_the_head_uses_nothing_up(alice: Person, visitor: Person, path: str) -> None:
    ticket = ticket_of(alice)
    for method in ("HEAD", "OPTIONS", "HEAD"):
        assert visitor.call(method, path + ticket).status_code == 200
    visitor.get(path + ticket).close()
    assert visitor.call("HEAD", path + ticket).status_code == 401


def test_a_header_beats_it_and_it_beats_a_token(
    alice: Person, bob: Person, charlie: Person, visitor: Person, path: str
) -> None:
    ticket = ticket_of(alice)
    assert charlie.get(path + ticket).status_code == 403
    visitor.get(f"{path}{ticket}&token={charlie.token}").close()
    assert_refused(visitor.get(f"{path}{ticket}&token={bob.token}"), 401)
    visitor.get(f"{path}&token={bob.token}").close()


def test_has_the_rights_of_its_token(charlie: Person, visitor: Person, path: str) -> None:
    assert_refused(visitor.get(path + ticket_of(charlie)), 403)


@pytest.mark.parametrize("end", ["logout", "password", "deletion"])
def test_what_ends_the_token_ends_the_ticket(bob: Person, visitor: Person, path: str, end: str) -> None:
    ticket = ticket_of(bob)
    done = {
        "logout": lambda: bob.post("/logout"),
        "password": lambda: bob.patch("/users", json={"password": "another one"}),
        "deletion": lambda: bob.delete("/users"),
    }[end]()
    assert done.status_code == 200
    assert_refused(visitor.get(path + ticket), 401)


@pytest.mark.parametrize(
    ("end", "reason"), [("logout", "logged_out"), ("password", "logged_out"), ("deletion", "deleted")]
)
def test_what_ends_the_token_ends_the_stream(
    bob: Person, visitor: Person, path: str, end: str, reason: str
) -> None:
    stream = blocks(visitor.get(path + ticket_of(bob)))
    next(stream)
    if end == "logout":
        bob.post("/logout")
    elif end == "password":
        bob.patch("/users", json={"password": "another one"})
    else:
        bob.delete("/users")
    assert closing(stream) == [f'{{"reason": "{reason}"}}']


def test_the_stream_ends_with_its_token(app: Flask, bob: Person, visitor: Person, path: str) -> None:
    with app.app_context():
        bob.token = tokens.issue(tokens.ACCOUNT, bob.uuid, 4)
    stream = blocks(visitor.get(path + ticket_of(bob)))
    assert closing(stream) == ['{"reason": "token_expired"}']
    assert_refused(visitor.get(path + ticket_of_expired(app, bob)), 401)


def ticket_of_expired(app: Flask, person: Person) -> str:
    """A ticket that is younger than the end of its token."""
    with app.app_context():
        return tickets.issue(tokens.TokenClaims(tokens.ACCOUNT, person.uuid, "id", 1, 0))


def test_the_stream_is_known_by_its_token(app: Flask, alice: Person, visitor: Person, path: str) -> None:
    with visitor.get(path + ticket_of(alice)):
        hub = app.extensions["engine"].hub
        with app.app_context():
            claims = tokens.read(alice.token)
        (subscriber,) = hub.tokens[claims.token_id]
        assert subscriber.claims == (alice.uuid, claims.token_id, claims.expires_at, claims.version)
        assert topics.kind(subscriber.topic.name) == "constellation"


def test_refuses_what_is_no_ticket(app: Flask, alice: Person, visitor: Person, path: str) -> None:
    head, body, signature = ticket_of(alice).split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=="))
    payload["jti"] = "another"
    forged = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    with app.app_context():
        expired = tokens.issue(tokens.TICKET, alice.uuid, -1, more={"for": payload["for"]})
    bad = ["garbage", alice.token, expired, f"{head}.{forged}.{signature}", "%00", "ü", "x" * 5000]
    for ticket in bad:
        response = visitor.get(path + ticket)
        error = assert_refused(response, 401)
        assert ticket not in error and ticket not in str(response.headers)


def test_without_a_broker_the_page_may_come_again(make_app: MakeApp, alice: Person, path: str) -> None:
    app = make_app(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    response = Person(app, "", "", "").get(path + ticket_of(Person(app, "", "", alice.token)))
    assert response.status_code == 200
    assert [event.data for event in Decoder().feed(response.data)] == ['{"reason": "overloaded"}']
