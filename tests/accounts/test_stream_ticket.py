"""POST /api/stream-ticket"""

import pytest
from flask import Flask

from app.auth import clients, subscribers, tokens
from tests.cast import MakeApp, Person, assert_refused, made, ticket_of


def with_cookie(person: Person, **headers: str) -> dict[str, str]:
    return {"Cookie": f"auth_token={person.token}", **headers}


def test_a_ticket_of_a_bearer(alice: Person) -> None:
    response = alice.post("/api/stream-ticket")
    answer = made(response)
    assert set(answer) == {"ticket", "expires_in"} and answer["expires_in"] == 30
    assert response.headers["Cache-Control"] == "no-store"
    assert ticket_of(alice) != answer["ticket"]


def test_one_of_a_cookie(alice: Person, nobody: Person) -> None:
    for headers in (with_cookie(alice), with_cookie(alice, Origin="http://127.0.0.1:5173")):
        assert made(nobody.post("/api/stream-ticket", headers=headers))["ticket"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_not_for_foreign_pages(alice: Person, nobody: Person, origin: str) -> None:
    response = nobody.post("/api/stream-ticket", headers=with_cookie(alice, Origin=origin))
    assert_refused(response, 403)


def test_one_of_a_recipient(app: Flask, nobody: Person) -> None:
    with app.app_context():
        nobody.token = subscribers.issue_token("dora")
    assert ticket_of(nobody)
    headers = with_cookie(nobody)
    nobody.token = ""
    assert_refused(nobody.post("/api/stream-ticket", headers=headers), 401)  # cookies are accounts'


def test_none_for_services_tickets_and_urls(app: Flask, alice: Person, nobody: Person) -> None:
    ticket = ticket_of(alice)
    with app.test_request_context():
        client_id, secret = clients.create("Shop")
        bad = ["garbage", ticket, clients.issue_token(client_id, secret)]
        bad.append(tokens.issue(tokens.ACCOUNT, alice.uuid, -60))
    for token in bad:
        assert_refused(Person(app, "", "", token).post("/api/stream-ticket"), 401)
    for query in (f"ticket={ticket}", f"token={alice.token}"):
        assert_refused(nobody.post(f"/api/stream-ticket?{query}"), 401)


def test_a_ticket_is_no_token(app: Flask, alice: Person) -> None:
    bearer = Person(app, "", "", ticket_of(alice))
    assert_refused(bearer.get("/constellations"), 401)
    assert_refused(bearer.get("/api/user"), 401)
    assert_refused(bearer.get("/sse"), 400)
    for query in ("ticket", "token"):
        assert_refused(Person(app, "", "", "").get(f"/constellations?{query}={bearer.token}"), 401)


def test_is_limited_per_token(make_app: MakeApp, alice: Person, bob: Person) -> None:
    app = make_app(RATELIMIT_ENABLED="1", RATELIMIT_STREAMS="2/hour")
    for _ in range(2):
        assert ticket_of(Person(app, "", "", alice.token))
    response = Person(app, "", "", alice.token).post("/api/stream-ticket")
    assert_refused(response, 429)
    assert "Retry-After" in response.headers
    assert ticket_of(Person(app, "", "", bob.token))
