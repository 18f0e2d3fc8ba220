"""`POST /console/token`: the cookie's bearer token."""

from flask import Flask
from flask.testing import FlaskClient

from tests.cast import PASSWORD, Person, assert_refused


def signed_in(app: Flask, person: Person) -> FlaskClient:
    client = app.test_client()
    answer = client.post(
        "/api/auth/login", json={"email": person.name, "password": PASSWORD}, base_url="https://localhost"
    )
    assert answer.status_code == 200
    return client


def test_it_stands_for_the_cookies_account(app: Flask, alice: Person) -> None:
    answer = signed_in(app, alice).post("/console/token", base_url="https://localhost").get_json()
    alice.token = answer["access_token"]
    assert alice.get("/constellations").status_code == 200
    assert answer["user"] == {"id": alice.uuid, "name": "Alice", "email": "alice@example.org"}
    assert (answer["token_type"], answer["is_operator"]) == ("bearer", False)
    assert 0 < answer["expires_in"] <= 7 * 24 * 3600


def test_it_ends_with_the_cookie_and_the_cookie_with_it(app: Flask, alice: Person) -> None:
    for path, name in (("/logout", "token"), ("/api/auth/logout", "cookie")):
        client = signed_in(app, alice)
        alice.token = client.post("/console/token", base_url="https://localhost").get_json()["access_token"]
        ended = alice.post(path) if name == "token" else client.post(path, base_url="https://localhost")
        assert ended.status_code == 200
        assert_refused(alice.get("/constellations"), 401)
        assert client.get("/api/auth/me", base_url="https://localhost").get_json() == {"user": None}


def test_nobody_gets_none(nobody: Person) -> None:
    assert_refused(nobody.post("/console/token"), 401)


def test_other_pages_get_none(app: Flask, alice: Person) -> None:
    client = signed_in(app, alice)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert_refused(client.post("/console/token", headers=headers, base_url="https://localhost"), 403)
