"""GET /users/{user_uuid}"""

from tests.cast import MALFORMED, NOBODY, Person, assert_refused


def test_the_address_is_shown_to_oneself(alice: Person, bob: Person) -> None:
    shown = {"uuid": alice.uuid, "name": "Alice"}
    assert bob.get(f"/users/{alice.uuid}").get_json() == shown
    assert alice.get(f"/users/{alice.uuid.upper()}").get_json() == {**shown, "email": "alice@example.org"}


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.get(f"/users/{NOBODY}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/users/{uuid}"), 400)


def test_needs_credentials(nobody: Person, alice: Person) -> None:
    assert_refused(nobody.get(f"/users/{alice.uuid}"), 401)
