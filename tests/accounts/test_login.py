"""POST /login"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, NOT_TEXTS
from tests.cast import PASSWORD, MakeApp, NothingChanges, Person, assert_refused

pytestmark = pytest.mark.pooled


@pytest.mark.parametrize(
    "login",
    [
        {"name": "Alice"},
        {"name": "alice@example.org"},
        {"name": "Alice@Example.ORG"},
        {"email": "alice@example.org"},
        {"email": "ALICE@example.org"},
        {"name": "", "email": "alice@example.org"},
    ],
)
def test_by_name_or_address(nobody: Person, alice: Person, login: dict[str, str]) -> None:
    response = nobody.post("/login", json={**login, "password": PASSWORD})
    answer = response.get_json()
    assert response.status_code == 200
    assert (answer["user_uuid"], answer["token_type"]) == (alice.uuid, "bearer")
    signed_in = Person(nobody.app, alice.uuid, "Alice", answer["access_token"])
    assert signed_in.get("/constellations").status_code == 200


@pytest.mark.both_databases
def test_what_is_wrong_looks_the_same(nobody: Person, alice: Person, nothing_changes: NothingChanges) -> None:
    wrong = [
        ("Alice", "x"),
        ("Nobody", PASSWORD),
        ("alice", PASSWORD),
        ("Alice\0", PASSWORD),
        ("%", PASSWORD),
    ]
    wrong += [("Alice", PASSWORD[:-1]), ("x" * 300_000, PASSWORD), ("' OR 1=1 --", PASSWORD)]
    with nothing_changes():
        errors = {
            assert_refused(nobody.post("/login", json={"name": name, "password": password}), 401)
            for name, password in wrong
        }
    assert errors == {"Invalid credentials"}


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(nobody: Person, options: dict[str, Any], status: int) -> None:
    assert_refused(nobody.post("/login", **options), status)


def test_refuses_bad_values(nobody: Person) -> None:
    good = {"name": "Alice", "email": "alice@example.org", "password": PASSWORD}
    for field in good:
        for value in NOT_TEXTS:
            assert_refused(nobody.post("/login", json={**good, field: value}), 400)
    assert_refused(nobody.post("/login", json={"name": "Alice"}), 400)
    assert_refused(nobody.post("/login", json={"password": PASSWORD}), 400)
    assert_refused(nobody.post("/login", json={"name": "", "password": PASSWORD}), 400)


def test_is_limited_per_name(make_app: MakeApp) -> None:
    person = Person(make_app(RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="2/minute"), "", "", "")
    attempt = {"name": "Alice", "password": "x"}
    for _ in range(2):
        assert_refused(person.post("/login", json=attempt), 401)
    response = person.post("/login", json=attempt)
    assert_refused(response, 429)
    assert {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining"} <= set(response.headers.keys())
    assert_refused(person.post("/login", json={**attempt, "name": "Bob"}), 401)
