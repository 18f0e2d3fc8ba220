"""GET /sse: the stream of a recipient"""

from typing import Any

import pytest
from flask import Flask

from app.auth import revocation, tokens
from app.notifications import live, messages
from tests.cast import MakeApp, Person, assert_refused
from tests.notifications.conftest import Inbox, OpenInbox, Service, make_service, subscriber_token

pytestmark = pytest.mark.both_databases


def test_how_it_looks(app: Flask, shop: Service) -> None:
    id = shop.notify("dora", payload="Hello")
    dora = Person(app, "", "", subscriber_token(app, "dora"))
    with dora.get("/sse") as response:
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-cache, no-store"
        assert response.headers["X-Accel-Buffering"] == "no"
        chunks = response.iter_encoded()
        first = next(chunks)
        while b"data:" not in first:
            first += next(chunks)
    assert first.startswith(b"retry: ")
    assert first.endswith(
        b'id: %s\ndata: {"id":"%s","payload":"Hello","read":false}\n\n' % ((id.encode(),) * 2)
    )


def test_unread_ones_oldest_first_then_what_comes(shop: Service, open_inbox: OpenInbox) -> None:
    ids = [shop.notify("dora", "emil", payload=str(number)) for number in range(4)]
    shop.acknowledge("dora", ids[1])
    opened = open_inbox("dora")
    opened.wait_for("0", "2", "3")
    shop.notify("emil", payload="not hers")
    shop.notify("dora", payload="4")
    opened.wait_for("0", "2", "3", "4")
    assert [event.last_event_id for event in opened.events] == [message["id"] for message in opened.messages]


def test_ping_where_there_is_nothing(shop: Service, open_inbox: OpenInbox) -> None:
    opened = open_inbox("dora")
    opened.wait_for("ping")
    assert opened.messages == [{"id": "", "payload": "ping", "read": False}]
    assert opened.events[0].last_event_id == ""
    shop.notify("dora")
    opened.wait_for("ping", "hello")


def test_who_comes_first_is_made(shop: Service, open_inbox: OpenInbox) -> None:
    open_inbox("dora").wait_for("ping")
    assert shop.get("/api/user").get_json()["list"][0]["external_id"] == "dora"


def test_every_stream_gets_every_message(shop: Service, open_inbox: OpenInbox) -> None:
    devices = [open_inbox("dora") for _ in range(3)]
    for device in devices:
        device.wait_for("ping")
    shop.notify("dora")
    for device in devices:
        device.wait_for("ping", "hello")


def test_a_cursor_skips_nothing(app: Flask, shop: Service) -> None:
    first = shop.notify("dora", payload="1")
    shop.notify("dora", payload="2")
    token = subscriber_token(app, "dora")
    opened = Inbox(app, f"/sse?token={token}&lastEventId={first}")
    opened.wait_for("1", "2")
    opened.close()
    assert {event.name for event in opened.events} == {"message"}


def test_a_backlog_comes_in_pages(
    shop: Service, open_inbox: OpenInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []
    read = live.read_unread

    def counted(*arguments: Any) -> list[tuple[str, str]]:
        page = read(*arguments)
        pages.append(len(page))
        return page

    monkeypatch.setattr(live, "PAGE_MESSAGES", 10)
    monkeypatch.setattr(live, "read_unread", counted)
    for number in range(25):
        shop.notify("dora", payload=str(number))
    open_inbox("dora").wait_for(*map(str, range(25)))
    assert pages == [10, 10, 5]


def test_what_is_committed_while_the_backlog_is_read(
    shop: Service, open_inbox: OpenInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two pages comes a message that sorts before what was read already, as on PostgreSQL it may."""
    read, late = live.read_unread, []

    def read_then_notify(recipient: int, after: str, most: int) -> list[tuple[str, str]]:
        page = read(recipient, after, most)
        if after and not late:
            late.append(True)
            monkeypatch.setattr(messages, "time_ordered_uuid", lambda: "0" * 36)
            shop.notify("dora", payload="early")
        return page

    monkeypatch.setattr(live, "PAGE_MESSAGES", 2)
    monkeypatch.setattr(live, "read_unread", read_then_notify)
    for number in range(4):
        shop.notify("dora", payload=str(number))
    open_inbox("dora").wait_for("0", "1", "2", "3", "early")


BAD = {
    "missing": (lambda token: "/sse", "Missing credentials"),
    "empty": (lambda token: "/sse?token=", "Missing credentials"),
    "garbage": (lambda token: "/sse?token=garbage", "Invalid token"),
    "cut short": (lambda token: f"/sse?token={token[:-1]}", "Invalid token"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_tokens_are_400(app: Flask, nobody: Person, kind: str) -> None:
    path, sentence = BAD[kind]
    assert assert_refused(nobody.get(path(subscriber_token(app, "dora"))), 400) == sentence


def test_expired_and_revoked_ones_are_too(app: Flask, nobody: Person) -> None:
    with app.app_context():
        expired = tokens.issue(tokens.SUBSCRIBER, "dora", -60, 2**40)
        revoked = tokens.issue(tokens.SUBSCRIBER, "dora", 60, 2**40)
        claims = tokens.read(revoked)
        revocation.revoke(claims.token_id, claims.expires_at)
    for token in (expired, revoked):
        assert assert_refused(nobody.get(f"/sse?token={token}"), 400) == "Invalid token"


def test_a_revoked_token_ends_its_streams_alone(app: Flask, open_inbox: OpenInbox) -> None:
    token = subscriber_token(app, "dora")
    going, staying = open_inbox("dora", token), open_inbox("dora")
    for opened in (going, staying):
        opened.wait_for("ping")
    with app.app_context():
        claims = tokens.read(token)
        revocation.revoke(claims.token_id, claims.expires_at)
    assert going.wait_for_named("stream.closed") == {"reason": "logged_out"}
    assert not staying.is_over


def test_by_mere_name_where_the_gateway_is_open(make_app: MakeApp) -> None:
    app = make_app(GATEWAY_AUTH="open")
    make_service(app).notify("dora")
    opened = Inbox(app, "/sse?user_id=dora")
    opened.wait_for("hello")
    make_service(app).delete("/api/user/dora")
    assert opened.wait_for_named("stream.closed") == {"reason": "deleted"}
    again = Inbox(app, "/sse?user_id=dora")
    again.wait_for("ping")
    app.extensions["engine"].rechecks.check_all()
    assert not again.is_over
    for inbox_ in (opened, again):
        inbox_.close()


def test_but_not_where_it_wants_tokens(make_app: MakeApp) -> None:
    visitor = Person(make_app(GATEWAY_AUTH="token"), "", "", "")
    assert assert_refused(visitor.get("/sse?user_id=dora"), 400) == "Missing credentials"


def test_a_token_beats_the_name(app: Flask, shop: Service, nobody: Person) -> None:
    shop.notify("emil")
    opened = Inbox(app, f"/sse?user_id=emil&token={subscriber_token(app, 'dora')}")
    opened.wait_for("ping")
    opened.close()
    assert nobody.get("/sse?user_id=emil&token=garbage").status_code == 400


def test_too_many_are_sent_away_politely(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED="1", RATELIMIT_STREAMS="1/minute")
    token = subscriber_token(app, "dora")
    first, second = (Inbox(app, "/sse", token) for _ in range(2))
    assert second.wait_for_named("stream.closed") == {"reason": "overloaded"}
    assert second.response.status_code == 200
    first.wait_for("ping")
    first.close()


def test_head_opens_nothing(app: Flask) -> None:
    dora = Person(app, "", "", subscriber_token(app, "dora"))
    response = dora.call("HEAD", "/sse")
    assert (response.status_code, response.data) == (200, b"")
    assert app.extensions["engine"].hub.stream_count == 0
