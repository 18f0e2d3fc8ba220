"""PATCH /users"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_EMAILS, BAD_NAMES, BAD_PASSWORDS
from tests.cast import PASSWORD, News, NothingChanges, Person, assert_refused


def test_changes_what_is_given_and_answers_a_new_token(alice: Person, news: News) -> None:
    response = alice.patch("/users", json={"name": "Alicia"})
    answer = response.get_json()
    assert (response.status_code, answer["user_uuid"]) == (200, alice.uuid)
    for token in (alice.token, answer["access_token"]):
        shown = Person(alice.app, alice.uuid, "", token).get(f"/users/{alice.uuid}").get_json()
        assert shown == {"uuid": alice.uuid, "name": "Alicia", "email": "alice@example.org"}
    assert news.order == []


def test_a_new_password_revokes_the_other_tokens(alice: Person, nobody: Person, news: News) -> None:
    answer = alice.patch("/users", json={"password": "a new one"}).get_json()
    assert_refused(alice.get("/constellations"), 401)
    assert Person(alice.app, "", "", answer["access_token"]).get("/constellations").status_code == 200
    assert news.cuts == [("logged_out", {"user": alice.uuid, "version": 1})]
    assert_refused(nobody.post("/login", json={"name": "Alice", "password": PASSWORD}), 401)
    login = nobody.post("/login", json={"name": "Alice", "password": "a new one"})
    assert login.status_code == 200


def test_what_is_taken(alice: Person, bob: Person, nothing_changes: NothingChanges) -> None:
    taken = [{"name": "Bob"}, {"email": "bob@example.org"}, {"email": "BOB@example.org"}]
    with nothing_changes():
        for changes in [*taken, {"name": "bob@example.org"}, {"name": "BOB@example.org"}]:
            assert_refused(alice.patch("/users", json=changes), 400)
    whole = {"name": "Alice", "email": "ALICE@example.org"}
    assert alice.patch("/users", json=whole).status_code == 200


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(alice.patch("/users", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(alice: Person, nothing_changes: NothingChanges) -> None:
    bad = {"name": BAD_NAMES, "email": BAD_EMAILS, "password": BAD_PASSWORDS}
    with nothing_changes():
        for field, values in bad.items():
            for value in values:
                assert_refused(alice.patch("/users", json={field: value}), 400)


def test_needs_credentials(nobody: Person) -> None:
    assert_refused(nobody.patch("/users", json={"name": "x"}), 401)


def test_the_address_of_a_name_is_taken_in_any_case(alice: Person, bob: Person) -> None:
    assert alice.patch("/users", json={"name": "Bob@Corp.org"}).status_code == 200
    assert_refused(bob.patch("/users", json={"email": "bob@corp.org"}), 400)
    assert alice.patch("/users", json={"email": "bob@corp.org"}).status_code == 200
    assert alice.patch("/users", json={"name": "BOB@corp.org"}).status_code == 200
