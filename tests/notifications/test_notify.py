"""POST /api/message/notify (its keys: test_idempotency.py)"""

from typing import Any

import pytest
from flask import Flask

from tests.bodies import BAD_BODIES
from tests.cast import MakeApp, NothingChanges
from tests.notifications.conftest import Service, make_service
from tests.support.statements import executed

PATH = "/api/message/notify"
pytestmark = pytest.mark.both_databases


def test_users_are_made_and_have_it_unread(shop: Service) -> None:
    response = shop.post(PATH, json={"users": ["dora", "emil"], "payload": "Hello"})
    answer = response.get_json()
    assert (response.status_code, answer) == (202, {"id": answer["id"], "recipients": 2})
    for user in ("dora", "emil"):
        message = shop.messages(user)[0]
        assert (message["id"], message["payload"], message["read"]) == (answer["id"], "Hello", False)


def test_each_recipient_gets_it_once(shop: Service) -> None:
    shop.group("staff", "dora", "emil")
    shop.group("night", "emil", "fritz")
    body = {"users": ["dora", "dora", "gina"], "groups": ["staff", "night", "staff", "nobody"], "payload": ""}
    assert shop.post(PATH, json=body).get_json()["recipients"] == 4
    for user in ("dora", "emil", "fritz", "gina"):
        assert shop.unread(user) == [""]


def test_a_group_is_who_is_in_it_now(shop: Service) -> None:
    shop.group("staff", "dora")
    shop.notify(groups=("staff",), payload="1")
    shop.put("/api/group/staff/user/dora")
    shop.group("staff", "emil")
    shop.delete("/api/group/staff/user/dora")
    shop.notify(groups=("staff",), payload="2")
    assert (shop.unread("dora"), shop.unread("emil")) == (["1"], ["2"])


def test_unknown_groups_are_ignored(shop: Service) -> None:
    response = shop.post(PATH, json={"groups": ["x", "1", "a\nb", "y" * 300], "payload": "Hello"})
    assert (response.status_code, response.get_json()["recipients"]) == (202, 0)
    assert shop.get("/api/group").get_json()["total"] == 0


def test_no_target(shop: Service, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        for body in ({}, {"users": []}, {"groups": []}, {"users": [], "groups": []}):
            response = shop.post(PATH, json={**body, "payload": "Hello"})
            assert response.status_code == 400
            assert response.get_json() == {"error": "Destiny is required", "status": 400}


def test_payloads_arrive_as_they_are(shop: Service) -> None:
    payloads = ["", " ", "\u00fc\u4e16\U0001f30d", "a\r\nb\rc\nd", '{"a": [1]}', "x" * 500_000, "data: x"]
    for payload in payloads:
        shop.notify("dora", payload=payload)
    assert shop.unread("dora") == payloads


def test_ten_thousand_at_once_take_a_few_statements(shop: Service) -> None:
    users = [f"user-{number}" for number in range(10_000)]
    with executed() as statements:
        for _ in range(2):  # those that are new, those that are known
            answer = shop.post(PATH, json={"users": users, "payload": "Hello"}).get_json()
            assert answer["recipients"] == 10_000
    assert len(statements) < 100  # those of the outbox relay among them
    assert len(shop.messages("user-9999")) == 2


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    shop: Service, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        response = shop.post(PATH, **options)
    assert (response.status_code, response.get_json()["status"]) == (status, status)


def test_is_limited(make_app: MakeApp) -> None:
    app: Flask = make_app(RATELIMIT_ENABLED="1", RATELIMIT_PUBLISH="2/minute")
    shop, other = make_service(app), make_service(app, "Other")
    body = {"users": ["dora"], "payload": "Hello"}
    assert [shop.post(PATH, json=body).status_code for _ in range(3)] == [202, 202, 429]
    assert other.post(PATH, json=body).status_code == 202
