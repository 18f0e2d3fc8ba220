"""Many who do different things to the same users and groups at the same moment."""

import random
from collections.abc import Callable

import gevent
import pytest
from werkzeug.test import TestResponse

from tests.cast import Person
from tests.notifications.conftest import Service, subscriber_token

pytestmark = pytest.mark.both_databases
USERS = [f"user-{number}" for number in range(8)]
GROUPS = ["staff", "night"]


def actions(shop: Service, chance: random.Random) -> list[Callable[[], TestResponse]]:
    def some() -> list[str]:
        return chance.sample(USERS, 5)

    def notify() -> TestResponse:
        return shop.post("/api/message/notify", json={"users": some(), "groups": GROUPS, "payload": "x"})

    def acknowledge() -> TestResponse:
        user = chance.choice(USERS)
        listed = shop.get(f"/api/user/{user}/messages?page=1").get_json().get("list", [])
        ids = [message["id"] for message in listed]
        return shop.post("/api/message/acknowledge", json={"user_id": user, "message_ids": ids})

    return [
        notify,
        notify,
        acknowledge,
        lambda: shop.delete(f"/api/user/{chance.choice(USERS)}"),
        lambda: shop.post("/api/user", json={"user_id": chance.choice(USERS), "groups": GROUPS}),
        lambda: shop.post("/api/group", json={"name": chance.choice(GROUPS), "users": some()}),
        lambda: shop.delete(f"/api/group/{chance.choice(GROUPS)}"),
        lambda: shop.put(f"/api/group/{chance.choice(GROUPS)}/user/{chance.choice(USERS)}"),
        lambda: shop.delete(f"/api/group/{chance.choice(GROUPS)}/user/{chance.choice(USERS)}"),
    ]


def test_none_of_it_fails(shop: Service) -> None:
    statuses: list[int] = []

    def act(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            statuses.append(chance.choice(actions(shop, chance))().status_code)

    gevent.joinall([gevent.spawn(act, seed) for seed in range(8)], timeout=60, raise_error=True)
    assert len(statuses) == 240
    assert set(statuses) <= {200, 201, 202, 204, 404}


def test_deleted_while_it_is_written_to(shop: Service) -> None:
    """Either it got the message before, or it is a new one that got it after."""
    for number in range(20):
        shop.post("/api/user", json={"user_id": "dora"})
        writing = gevent.spawn(shop.notify, "dora", payload=str(number))
        deleting = gevent.spawn(shop.delete, "/api/user/dora")
        gevent.joinall([writing, deleting], timeout=10, raise_error=True)
        assert deleting.value.status_code == 204
        response = shop.get("/api/user/dora/messages")
        assert response.status_code == 404 or shop.unread("dora") == [str(number)]
        shop.delete("/api/user/dora")


def test_the_same_new_users_at_once(shop: Service) -> None:
    forth, back = USERS, USERS[::-1]
    writing = [gevent.spawn(shop.notify, *(forth if n % 2 else back), payload=str(n)) for n in range(10)]
    gevent.joinall(writing, timeout=20, raise_error=True)
    assert shop.get("/api/user").get_json()["total"] == len(USERS)
    assert sorted(shop.unread(USERS[0])) == sorted(str(n) for n in range(10))


def test_a_stream_is_opened_while_its_recipient_is_deleted(shop: Service) -> None:
    for _ in range(10):
        shop.post("/api/user", json={"user_id": "dora"})
        dora = Person(shop.app, "", "", subscriber_token(shop.app, "dora"))
        opening = gevent.spawn(dora.call, "HEAD", "/sse")
        deleting = gevent.spawn(shop.delete, "/api/user/dora")
        gevent.joinall([opening, deleting], timeout=10, raise_error=True)
        assert opening.value.status_code in {200, 400}
        assert dora.call("HEAD", "/sse").status_code == 400
        assert shop.get("/api/user/dora/messages").status_code == 404
