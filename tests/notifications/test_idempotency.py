"""Idempotency-Key of POST /api/message/notify"""

from datetime import timedelta

import gevent
import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.auth.models import now
from app.db.session import transaction
from app.notifications.models import IdempotencyKey
from tests.cast import NothingChanges
from tests.notifications.conftest import Service, make_service

BODY = {"users": ["dora"], "payload": "Hello"}
pytestmark = pytest.mark.both_databases


def notify(shop: Service, key: str, **changes: object) -> TestResponse:
    return shop.post("/api/message/notify", json={**BODY, **changes}, headers={"Idempotency-Key": key})


def test_the_same_again(shop: Service) -> None:
    first, second = notify(shop, "k"), notify(shop, "k")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.get_json() == second.get_json()
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert shop.unread("dora") == ["Hello"]


def test_what_means_the_same_is_the_same(shop: Service) -> None:
    first = notify(shop, "k", users=["a", "b", "a"])
    assert notify(shop, "k", users=["b", "a"], groups=[], other=1).get_json() == first.get_json()


@pytest.mark.parametrize("change", [{"users": ["emil"]}, {"payload": "Bye"}, {"groups": ["staff"]}])
def test_another_body(shop: Service, nothing_changes: NothingChanges, change: dict[str, object]) -> None:
    notify(shop, "k")
    with nothing_changes():
        response = notify(shop, "k", **change)
    assert response.status_code == 409
    message = "This Idempotency-Key came with another body before"
    assert response.get_json() == {"error": message, "status": 409}


def test_keys_are_each_clients_own(app: Flask, shop: Service) -> None:
    ids = {notify(client, "k").get_json()["id"] for client in (shop, make_service(app, "Other"))}
    assert len(ids) == 2


def test_many_at_once(shop: Service) -> None:
    asking = [gevent.spawn(notify, shop, "k") for _ in range(8)]
    gevent.joinall(asking, timeout=20, raise_error=True)
    assert {greenlet.value.status_code for greenlet in asking} == {202}
    assert len({greenlet.value.get_json()["id"] for greenlet in asking}) == 1
    assert shop.unread("dora") == ["Hello"]


def test_after_a_day_it_is_a_new_one(app: Flask, shop: Service) -> None:
    first = notify(shop, "k").get_json()["id"]
    for hours, body, is_same in ((23, {}, True), (25, {"payload": "Bye"}, False)):
        with app.app_context(), transaction() as session:
            session.execute(update(IdempotencyKey).values(created_at=now() - timedelta(hours=hours)))
        assert (notify(shop, "k", **body).get_json()["id"] == first) is is_same


def test_refused_calls_take_no_key(shop: Service) -> None:
    assert notify(shop, "k", payload=5).status_code == 400
    assert notify(shop, "k", users=[]).status_code == 400
    assert notify(shop, "k").status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 256, "\u00fc", "a\tb"])
def test_refused_keys(shop: Service, nothing_changes: NothingChanges, key: str) -> None:
    with nothing_changes():
        response = notify(shop, key)
    detail = {"Idempotency-Key": "Must be 1 to 255 printable ASCII characters."}
    assert response.get_json() == {"error": "Validation error", "status": 400, "detail": detail}
