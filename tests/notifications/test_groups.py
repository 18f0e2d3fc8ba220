"""GET and POST /api/group, DELETE /api/group/{group}"""

import pytest

from tests.cast import NothingChanges, assert_refused
from tests.notifications.conftest import Service

PATH = "/api/group"
pytestmark = pytest.mark.both_databases


def test_a_new_one(shop: Service) -> None:
    response = shop.post(PATH, json={"name": "staff", "users": ["dora", "emil", "dora"]})
    answer = response.get_json()
    assert response.status_code == 201
    assert (answer["name"], sorted(answer["users"]), set(answer)) == (
        "staff",
        ["dora", "emil"],
        {"id", "name", "users"},
    )
    assert shop.get("/api/user").get_json()["total"] == 2


def test_to_one_that_is_there_users_are_added(shop: Service) -> None:
    id = shop.group("staff", "dora")
    response = shop.post(PATH, json={"name": "staff", "users": ["emil", "dora"]})
    assert (response.status_code, response.get_json()) == (
        200,
        {"id": id, "name": "staff", "users": ["dora", "emil"]},
    )
    assert shop.post(PATH, json={"name": "staff"}).get_json()["users"] == ["dora", "emil"]


def test_list(shop: Service) -> None:
    staff, night = shop.group("staff", "dora", "emil"), shop.group("night")
    listed = [{"id": staff, "name": "staff", "members": 2}, {"id": night, "name": "night", "members": 0}]
    assert shop.get(PATH).get_json() == {"list": listed, "page": 1, "per_page": 2, "total": 2}
    page = shop.get(f"{PATH}?page=2&per_page=1").get_json()
    assert page == {"list": listed[1:], "page": 2, "per_page": 1, "total": 2}


@pytest.mark.parametrize("by_id", [True, False])
def test_delete(shop: Service, by_id: bool) -> None:
    id = shop.group("a/b \u00fc", "dora")
    shop.notify(groups=("a/b \u00fc",))
    response = shop.delete(f"{PATH}/{id}" if by_id else f"{PATH}/a/b \u00fc")
    assert (response.status_code, response.data) == (204, b"")
    assert shop.get(PATH).get_json()["total"] == 0
    assert shop.unread("dora") == ["hello"]  # what was sent stays


def test_absent_ones(shop: Service, nothing_changes: NothingChanges) -> None:
    id = shop.group("staff")
    with nothing_changes():
        for group in ("night", "0", str(id + 1), "9" * 9, "9" * 30, "\u0665"):
            assert assert_refused(shop.delete(f"{PATH}/{group}"), 404) == "Group not found"
