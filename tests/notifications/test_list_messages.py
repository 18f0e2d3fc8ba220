"""GET /api/user/{user_id}/messages"""

import pytest

from tests.cast import assert_refused
from tests.notifications.conftest import Service

PATH = "/api/user/dora/messages"
pytestmark = pytest.mark.both_databases


def test_states(shop: Service) -> None:
    first, second = shop.notify("dora", payload="1"), shop.notify("dora", payload="2")
    shop.acknowledge("dora", first)
    unread, everything = shop.get(PATH).get_json(), shop.get(f"{PATH}?state=all").get_json()
    created_at = unread["list"][0]["created_at"]
    message = {"id": second, "payload": "2", "read": False, "created_at": created_at, "read_at": None}
    assert unread == {"list": [message], "page": 1, "per_page": 1, "total": 1}
    assert unread == shop.get(f"{PATH}?state=unread").get_json()
    read = everything["list"][0]
    assert [entry["id"] for entry in everything["list"]] == [first, second]
    assert read["read"] is True and read["read_at"] >= read["created_at"]


def test_oldest_first_in_pages(shop: Service) -> None:
    for number in range(5):
        shop.notify("dora", "emil", payload=str(number))
    pages = [shop.get(f"{PATH}?state=all&page={page}&per_page=2").get_json() for page in (1, 2, 3)]
    assert [message["payload"] for page in pages for message in page["list"]] == list("01234")
    assert {page["total"] for page in pages} == {5}


def test_a_user_that_does_not_exist(shop: Service) -> None:
    assert assert_refused(shop.get(PATH), 404) == "User not found"
    shop.notify("dora")
    assert shop.get(PATH).status_code == 200
