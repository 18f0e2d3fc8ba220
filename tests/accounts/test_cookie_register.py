"""POST /api/auth/register"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_EMAILS, BAD_NAMES, BAD_PASSWORDS
from tests.cast import PASSWORD, NothingChanges, Person, assert_refused, made

ALICE = {"email": "Alice@Example.org", "password": PASSWORD}


def test_makes_an_account_and_sets_the_cookie(nobody: Person) -> None:
    response = nobody.post("/api/auth/register", json={**ALICE, "name": "Alice"})
    user = made(response)["user"]
    assert user == {"id": user["id"], "email": "alice@example.org", "name": "Alice"}
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("auth_token=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=604800"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_the_address_is_the_name_when_none_is_given(nobody: Person) -> None:
    user = made(nobody.post("/api/auth/register", json={"email": "alice@example.org", "password": "x"}))[
        "user"
    ]
    assert (user["name"], user["email"]) == ("alice@example.org", "alice@example.org")


def test_what_is_taken(nobody: Person, alice: Person, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert_refused(nobody.post("/api/auth/register", json=ALICE), 400)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    nobody: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(nobody.post("/api/auth/register", **options), status)


def test_refuses_bad_values(nobody: Person, nothing_changes: NothingChanges) -> None:
    bad = {"name": BAD_NAMES, "email": BAD_EMAILS, "password": BAD_PASSWORDS}
    with nothing_changes():
        for field, values in bad.items():
            for value in values:
                assert_refused(nobody.post("/api/auth/register", json={**ALICE, field: value}), 400)
