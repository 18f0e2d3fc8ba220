"""POST /api/message/acknowledge"""

from typing import Any

import gevent
import pytest
from flask import Flask

from tests.bodies import BAD_BODIES
from tests.cast import NOBODY, NothingChanges, Person
from tests.notifications.conftest import OpenInbox, Service, subscriber_token

PATH = "/api/message/acknowledge"
pytestmark = pytest.mark.both_databases


def test_by_a_back_end(shop: Service) -> None:
    first, second, third = (shop.notify("dora", "emil", payload=str(n)) for n in range(3))
    assert shop.acknowledge("dora", first, third) == 2
    assert shop.unread("dora") == ["1"]
    assert shop.unread("emil") == ["0", "1", "2"]
    read = {message["id"]: message["read_at"] for message in shop.messages("dora", "all")}
    assert read[first] and read[third] and read[second] is None


def test_by_the_recipient(app: Flask, shop: Service) -> None:
    id = shop.notify("dora", "emil")
    dora = Person(app, "", "dora", subscriber_token(app, "dora"))
    response = dora.post(PATH, json={"message_ids": [id], "user_id": "emil"})
    assert (response.status_code, response.get_json()) == (202, {"acknowledged": 1})
    assert (shop.unread("dora"), shop.unread("emil")) == ([], ["hello"])


def test_repeating_is_harmless(shop: Service) -> None:
    id = shop.notify("dora")
    assert [shop.acknowledge("dora", id, id), shop.acknowledge("dora", id)] == [1, 0]


def test_unknown_ids_and_users_are_ignored(shop: Service, nothing_changes: NothingChanges) -> None:
    id = shop.notify("dora")
    with nothing_changes():
        for ids in ([], ["x", "", "a\0b", NOBODY, "x" * 1000], [id.upper() + "x"]):
            assert shop.acknowledge("dora", *ids) == 0
        assert shop.acknowledge("nobody", id) == 0


def test_many_at_once_count_each_message_once(shop: Service) -> None:
    ids = [shop.notify("dora") for _ in range(20)]
    asking = [gevent.spawn(shop.acknowledge, "dora", *ids) for _ in range(4)]
    gevent.joinall(asking, timeout=20, raise_error=True)
    assert sum(greenlet.value for greenlet in asking) == 20


def test_other_devices_hear_of_it(shop: Service, open_inbox: OpenInbox) -> None:
    first, second = shop.notify("dora"), shop.notify("dora", "emil")
    devices, other = [open_inbox("dora"), open_inbox("dora")], open_inbox("emil")
    for device in devices:
        device.wait_for("hello", "hello")
    shop.acknowledge("dora", second, first, NOBODY)
    for device in devices:
        assert device.wait_for_named("message.acknowledged") == {"message_ids": [first, second]}
    shop.notify("emil", payload="later")
    other.wait_for("hello", "later")
    assert other.named("message.acknowledged") == []


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    shop: Service, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        response = shop.post(PATH, **options)
    assert (response.status_code, response.get_json()["status"]) == (status, status)
