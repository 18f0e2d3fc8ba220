"""POST /register"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_EMAILS, BAD_NAMES, BAD_PASSWORDS, GOOD_NAMES
from tests.cast import PASSWORD, MakeApp, NothingChanges, Person, assert_refused, made

pytestmark = pytest.mark.pooled

ALICE = {"name": "Alice", "email": "alice@example.org", "password": PASSWORD}


def test_makes_an_account_and_signs_in(nobody: Person) -> None:
    answer = made(nobody.post("/register", json=ALICE))
    assert set(answer) == {"user_uuid", "access_token", "token_type", "expires_in"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 12 * 3600)
    alice = Person(nobody.app, answer["user_uuid"], "Alice", answer["access_token"])
    shown = {"uuid": alice.uuid, "name": "Alice", "email": "alice@example.org"}
    assert alice.get(f"/users/{alice.uuid}").get_json() == shown


@pytest.mark.both_databases
def test_takes_any_printable_name(nobody: Person) -> None:
    for number, name in enumerate(GOOD_NAMES):
        made(nobody.post("/register", json={**ALICE, "name": name, "email": f"{number}@example.org"}))


@pytest.mark.parametrize(
    "taken",
    [
        {"name": "Alice"},
        {"email": "alice@example.org"},
        {"email": "ALICE@example.org"},
        {"name": "alice@example.org"},
        {"name": "ALICE@EXAMPLE.ORG"},
    ],
)
def test_what_is_taken(
    nobody: Person, alice: Person, nothing_changes: NothingChanges, taken: dict[str, str]
) -> None:
    other = {"name": "Other", "email": "other@example.org", "password": PASSWORD}
    with nothing_changes():
        assert_refused(nobody.post("/register", json={**other, **taken}), 400)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    nobody: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(nobody.post("/register", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(nobody: Person, nothing_changes: NothingChanges) -> None:
    bad = {"name": BAD_NAMES, "email": BAD_EMAILS, "password": BAD_PASSWORDS}
    with nothing_changes():
        for field, values in bad.items():
            for value in values:
                assert_refused(nobody.post("/register", json={**ALICE, field: value}), 400)
            missing = {key: value for key, value in ALICE.items() if key != field}
            assert_refused(nobody.post("/register", json=missing), 400)


@pytest.mark.both_databases
def test_an_address_may_grow_in_lower_case(nobody: Person) -> None:
    assert_refused(nobody.post("/register", json={**ALICE, "email": "\u0130" * 240 + "@example.org"}), 400)


def test_the_error_never_repeats_the_password(nobody: Person) -> None:
    response = nobody.post("/register", json={**ALICE, "email": "x", "password": "hunter2 hunter2"})
    assert "hunter2" not in assert_refused(response, 400)


def test_closed_or_short(make_app: MakeApp) -> None:
    closed = Person(make_app(ALLOW_REGISTRATION="0"), "", "", "")
    assert_refused(closed.post("/register", json=ALICE), 403)
    strict = Person(make_app(PASSWORD_MIN_LENGTH="30"), "", "", "")
    assert "30" in assert_refused(strict.post("/register", json=ALICE), 400)


def test_is_limited(make_app: MakeApp) -> None:
    person = Person(make_app(RATELIMIT_ENABLED="1", RATELIMIT_LOGIN="1/minute"), "", "", "")
    made(person.post("/register", json=ALICE))
    response = person.post("/register", json=ALICE)
    assert_refused(response, 429)
    assert int(response.headers["Retry-After"]) > 0


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"name": "Bob@Corp.org", "email": "b@example.org"}, {"name": "Eve", "email": "bob@corp.org"}),
        ({"name": "Eve", "email": "bob@corp.org"}, {"name": "Bob@Corp.org", "email": "b@example.org"}),
        ({"name": "BOB", "email": "b@example.org"}, {"name": "bob", "email": "c@example.org"}),
        ({"name": "bob", "email": "b@example.org"}, {"name": "BOB", "email": "c@example.org"}),
    ],
)
def test_names_and_addresses_of_others_are_taken_in_any_case(
    nobody: Person, first: dict[str, str], second: dict[str, str]
) -> None:
    made = nobody.post("/register", json={**first, "password": "the first"})
    assert made.status_code == 201
    assert_refused(nobody.post("/register", json={**second, "password": "the second"}), 400)
    for login in (first["name"], first["email"], first["email"].upper()):
        answer = nobody.post("/login", json={"name": login, "password": "the first"})
        assert answer.get_json()["user_uuid"] == made.get_json()["user_uuid"]
