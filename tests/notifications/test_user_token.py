"""GET /api/user/{user_id}/token"""

from time import time
from urllib.parse import quote

import pytest
from flask import Flask

from app.auth import tokens
from tests.cast import MakeApp, NothingChanges
from tests.notifications.conftest import OpenInbox, Service, make_service


def test_it_opens_the_inbox_and_nothing_else(shop: Service, open_inbox: OpenInbox) -> None:
    shop.notify("dora")
    answer = shop.get("/api/user/dora/token").get_json()
    assert answer == {"access_token": answer["access_token"], "type": "Bearer", "expires_in": 3600}
    open_inbox("dora", answer["access_token"]).wait_for("hello")
    shop.token = answer["access_token"]
    assert shop.get("/api/user").status_code == 401
    assert shop.get("/constellations").status_code == 401


def test_the_user_need_not_exist(shop: Service, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert shop.get("/api/user/dora/token").status_code == 200


@pytest.mark.parametrize(
    "user", ["\u00fc\u4e16\U0001f30d", "a/b", "a/token", "a b", "a" * 200, "%2F", "token"]
)
def test_any_name_will_do(app: Flask, shop: Service, user: str) -> None:
    answer = shop.get(f"/api/user/{quote(user, safe='')}/token").get_json()
    with app.app_context():
        assert tokens.read(answer["access_token"]).subject == user


def test_its_lifetime_can_be_set(make_app: MakeApp) -> None:
    app = make_app(SUBSCRIBER_TOKEN_SECONDS="60")
    answer = make_service(app).get("/api/user/dora/token").get_json()
    with app.app_context():
        claims = tokens.read(answer["access_token"])
    assert (answer["expires_in"], claims.use) == (60, "subscriber")
    assert 58 <= claims.expires_at - time() <= 61
