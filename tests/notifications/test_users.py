"""GET and POST /api/user"""

import pytest

from tests.cast import NothingChanges
from tests.notifications.conftest import Service

PATH = "/api/user"
pytestmark = pytest.mark.both_databases


def test_a_new_one(shop: Service) -> None:
    response = shop.post(PATH, json={"user_id": "dora", "groups": ["staff", "night", "staff"]})
    answer = response.get_json()
    assert response.status_code == 201
    expected = {"external_id": "dora", "groups": ["night", "staff"], "created_at": answer["created_at"]}
    assert answer == {"id": answer["id"], **expected}
    assert isinstance(answer["id"], int) and answer["created_at"].endswith("Z")


def test_one_that_is_there_joins_the_groups(shop: Service) -> None:
    first = shop.post(PATH, json={"user_id": "dora", "groups": ["staff"]}).get_json()
    again = shop.post(PATH, json={"user_id": "dora"})
    assert (again.status_code, again.get_json()) == (200, first)
    more = shop.post(PATH, json={"user_id": "dora", "groups": ["night"]})
    assert (more.status_code, more.get_json()) == (200, {**first, "groups": ["night", "staff"]})


@pytest.mark.parametrize(
    "user", ["\u00fc\u4e16\U0001f30d", "a" * 200, "a/b", "5", "O'Neill; --", "%s{}", "a}b"]
)
def test_any_name_will_do(shop: Service, user: str) -> None:
    assert shop.post(PATH, json={"user_id": user}).get_json()["external_id"] == user
    shop.notify(user)
    assert len(shop.get(PATH).get_json()["list"]) == 1


def test_case_matters(shop: Service) -> None:
    assert [shop.post(PATH, json={"user_id": name}).status_code for name in ("dora", "Dora")] == [201, 201]


def test_everything(shop: Service) -> None:
    assert shop.get(PATH).get_json() == {"list": [], "page": 1, "per_page": 0, "total": 0}
    shop.notify("dora", "emil")
    answer = shop.get(PATH).get_json()
    assert {user["external_id"] for user in answer["list"]} == {"dora", "emil"}
    assert all(set(user) == {"id", "external_id", "created_at"} for user in answer["list"])
    assert (answer["page"], answer["per_page"], answer["total"]) == (1, 2, 2)


def test_pages(shop: Service) -> None:
    shop.notify(*(f"user-{number}" for number in range(5)))
    pages = [shop.get(f"{PATH}?page={page}&per_page=2").get_json() for page in (1, 2, 3, 4)]
    assert [len(page["list"]) for page in pages] == [2, 2, 1, 0]
    ids = [user["id"] for page in pages for user in page["list"]]
    assert ids == sorted(set(ids)) and len(ids) == 5
    assert {(page["per_page"], page["total"]) for page in pages} == {(2, 5)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]
    assert shop.get(f"{PATH}?page=1").get_json()["per_page"] == 50


def test_a_refused_one(shop: Service, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert shop.post(PATH, json={"user_id": "dora", "groups": ["staff", "5"]}).status_code == 400
