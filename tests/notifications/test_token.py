"""POST /api/auth/token"""

from time import time
from typing import Any

import pytest
from flask import Flask

from app.auth import clients, tokens
from tests.bodies import BAD_BODIES, NOT_TEXTS
from tests.cast import MakeApp, NothingChanges, Person

PATH = "/api/auth/token"
REFUSED = {"error": "Invalid client credentials", "status": 400}


def made_client(app: Flask) -> dict[str, str]:
    with app.test_request_context():
        client_id, secret = clients.create("Shop")
    return {"client_id": client_id, "client_secret": secret}


def test_a_token_of_a_made_client(app: Flask, nobody: Person) -> None:
    credentials = made_client(app)
    response = nobody.post(PATH, json=credentials)
    answer = response.get_json()
    assert response.status_code == 200
    assert answer == {"access_token": answer["access_token"], "type": "Bearer", "expires_in": 300}
    with app.app_context():
        claims = tokens.read(answer["access_token"])
    assert (claims.use, claims.subject) == ("service", credentials["client_id"])
    assert 298 <= claims.expires_at - time() <= 301


def test_the_client_of_the_settings(make_app: MakeApp) -> None:
    app = make_app(CLIENT_ID="shop", CLIENT_SECRET="weak")
    visitor = Person(app, "", "", "")
    good = {"client_id": "shop", "client_secret": "weak"}
    token = visitor.post(PATH, json=good).get_json()["access_token"]
    assert identified(app, token) == "shop"
    assert visitor.post(PATH, json={**good, "client_secret": "week"}).get_json() == REFUSED
    changed = make_app(CLIENT_ID="shop", CLIENT_SECRET="another")
    with pytest.raises(Exception, match="Invalid token"):
        identified(changed, token)


def identified(app: Flask, token: str) -> str:
    with app.test_request_context(headers={"Authorization": f"Bearer {token}"}):
        return clients.identify_service().client_id


@pytest.mark.both_databases
def test_what_is_wrong_looks_the_same(app: Flask, nobody: Person, nothing_changes: NothingChanges) -> None:
    good, other = made_client(app), made_client(app)
    with app.test_request_context():
        clients.set_disabled(other["client_id"], True)
    wrong = [
        {**good, "client_secret": good["client_secret"][:-1]},
        {**good, "client_secret": ""},
        {**good, "client_secret": "-" * 64},
        {**good, "client_id": ""},
        {**good, "client_id": "Shop"},
        {**good, "client_id": good["client_id"].upper()},
        {**good, "client_secret": other["client_secret"]},
        other,
    ]
    with nothing_changes():
        for credentials in wrong:
            response = nobody.post(PATH, json=credentials)
            assert (response.status_code, response.get_json()) == (400, REFUSED), credentials


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(nobody: Person, options: dict[str, Any], status: int) -> None:
    response = nobody.post(PATH, **options)
    assert response.status_code == status
    if status == 400:
        assert response.get_json()["error"] == "Validation error"


@pytest.mark.parametrize("field", ["client_id", "client_secret"])
def test_refuses_bad_values(nobody: Person, field: str) -> None:
    good = {"client_id": "x", "client_secret": "y"}
    for value in NOT_TEXTS:
        answer = nobody.post(PATH, json={**good, field: value}).get_json()
        assert (answer["error"], list(answer["detail"])) == ("Validation error", [field])
    missing = nobody.post(PATH, json={name: value for name, value in good.items() if name != field})
    detail = {field: "Missing data for required field."}
    assert missing.get_json() == {"error": "Validation error", "status": 400, "detail": detail}


def test_only_failed_attempts_are_limited(make_app: MakeApp) -> None:
    app = make_app(RATELIMIT_ENABLED="1", RATELIMIT_CREDENTIALS="2/minute")
    visitor, good = Person(app, "", "", ""), made_client(app)
    for _ in range(5):
        assert visitor.post(PATH, json=good).status_code == 200
    wrong = {**good, "client_secret": "x"}
    assert [visitor.post(PATH, json=wrong).status_code for _ in range(3)] == [400, 400, 429]
    held = visitor.post(PATH, json=good)
    assert held.status_code == 429
    assert {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining"} <= set(held.headers.keys())
    assert visitor.post(PATH, json=made_client(app)).status_code == 200
