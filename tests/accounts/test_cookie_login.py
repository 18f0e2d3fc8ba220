"""POST /api/auth/login"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, NOT_TEXTS
from tests.cast import PASSWORD, Person, assert_refused

LOGIN = {"email": "alice@example.org", "password": PASSWORD}


def test_sets_the_cookie(nobody: Person, alice: Person) -> None:
    response = nobody.post("/api/auth/login", json=LOGIN)
    user = {"id": alice.uuid, "email": "alice@example.org", "name": "Alice"}
    assert (response.status_code, response.get_json()) == (200, {"user": user})
    assert response.headers["Set-Cookie"].startswith("auth_token=")


def test_what_is_wrong_looks_the_same(nobody: Person, alice: Person) -> None:
    for wrong in ({"password": "x"}, {"email": "nobody@example.org"}):
        response = nobody.post("/api/auth/login", json={**LOGIN, **wrong})
        assert assert_refused(response, 401) == "Invalid credentials"
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(nobody: Person, options: dict[str, Any], status: int) -> None:
    assert_refused(nobody.post("/api/auth/login", **options), status)


def test_refuses_bad_values(nobody: Person) -> None:
    for field in LOGIN:
        for value in NOT_TEXTS:
            assert_refused(nobody.post("/api/auth/login", json={**LOGIN, field: value}), 400)
