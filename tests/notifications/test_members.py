"""PUT and DELETE /api/group/{group}/user/{user_id}"""

import pytest

from tests.cast import NothingChanges, assert_refused
from tests.notifications.conftest import Service

pytestmark = pytest.mark.both_databases


@pytest.mark.parametrize("by_id", [True, False])
def test_in_and_out(shop: Service, by_id: bool) -> None:
    group = shop.group("staff", "dora") if by_id else "staff"
    shop.group("staff")
    shop.notify("emil/1")
    for _ in range(2):  # once more is harmless
        response = shop.put(f"/api/group/{group}/user/emil/1")
        assert (response.status_code, response.data) == (204, b"")
    assert "emil/1" in shop.post("/api/group", json={"name": "staff"}).get_json()["users"]
    assert shop.delete(f"/api/group/{group}/user/emil/1").status_code == 204
    assert "emil/1" not in shop.post("/api/group", json={"name": "staff"}).get_json()["users"]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_absent_ones(shop: Service, nothing_changes: NothingChanges, method: str) -> None:
    shop.group("staff", "dora")
    with nothing_changes():
        night = assert_refused(shop.call(method, "/api/group/night/user/dora"), 404)
        emil = assert_refused(shop.call(method, "/api/group/staff/user/emil"), 404)
    assert (night, emil) == ("Group not found", "User not found")


def test_who_is_no_member(shop: Service) -> None:
    shop.group("staff", "dora")
    shop.group("night", "emil")
    sentence = assert_refused(shop.delete("/api/group/staff/user/emil"), 404)
    assert sentence == "User is not a member of this group"
