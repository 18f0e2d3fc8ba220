"""GET /sse?ticket="""

from flask import Flask

from app.auth import subscribers, tokens
from tests.cast import Person, assert_refused, ticket_of
from tests.notifications.conftest import Inbox, Service, subscriber_token


def dora_of(app: Flask) -> Person:
    return Person(app, "dora", "", subscriber_token(app, "dora"))


def test_opens_one_inbox(app: Flask, shop: Service, nobody: Person) -> None:
    shop.notify("dora")
    ticket = ticket_of(dora_of(app))
    inbox = Inbox(app, f"/sse?ticket={ticket}")
    inbox.wait_for("hello")
    inbox.close()
    assert assert_refused(nobody.get(f"/sse?ticket={ticket}"), 400) == "Invalid token"


def test_a_bad_ticket_is_not_rescued_by_the_name(app: Flask, nobody: Person, alice: Person) -> None:
    for ticket in ("garbage", subscriber_token(app, "dora"), ticket_of(alice)):
        assert_refused(nobody.get(f"/sse?user_id=dora&ticket={ticket}"), 400)


def test_deleting_the_recipient_ends_tickets_and_streams(app: Flask, shop: Service, nobody: Person) -> None:
    dora = dora_of(app)
    inbox = Inbox(app, f"/sse?ticket={ticket_of(dora)}")
    inbox.wait_for("ping")
    unused = ticket_of(dora)
    assert shop.delete("/api/user/dora").status_code == 204
    assert inbox.wait_for_named("stream.closed") == {"reason": "deleted"}
    assert_refused(nobody.get(f"/sse?ticket={unused}"), 400)


def test_the_stream_is_the_tokens(app: Flask) -> None:
    dora = dora_of(app)
    inbox = Inbox(app, f"/sse?ticket={ticket_of(dora)}")
    inbox.wait_for("ping")
    with app.app_context():
        claims = tokens.read(dora.token)
    (subscriber,) = app.extensions["engine"].hub.tokens[claims.token_id]
    assert subscriber.claims.subject == subscribers.subject("dora")
    assert subscriber.claims.expires_at == claims.expires_at
    inbox.close()
