"""GET /constellations/{id}/users"""

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


@pytest.mark.both_databases
def test_shows_all_by_name(alice: Person, bob: Person, charlie: Person, constellation: Constellation) -> None:
    constellation.let(charlie, "COMMENT")
    response = bob.get(f"{constellation.path}/users")
    assert response.status_code == 200
    assert response.get_json() == [
        {"uuid": alice.uuid, "name": "Alice", "rights": "ADMIN"},
        {"uuid": bob.uuid, "name": "Bob", "rights": "READ"},
        {"uuid": charlie.uuid, "name": "Charlie", "rights": "COMMENT"},
    ]


@pytest.mark.both_databases
def test_in_parts(bob: Person, constellation: Constellation) -> None:
    everything = bob.get(f"{constellation.path}/users").get_json()
    assert bob.get(f"{constellation.path}/users?page=1").get_json() == everything
    assert bob.get(f"{constellation.path}/users?page=2&per_page=1").get_json() == everything[1:]
    assert bob.get(f"{constellation.path}/users?per_page=1").get_json() == everything
    assert_refused(bob.get(f"{constellation.path}/users?page=0"), 400)


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"{constellation.path}/users"), 403)
    assert_refused(charlie.get(f"{constellation.path}/users?page=x"), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.get(f"/constellations/{NOBODY}/users"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/constellations/{uuid}/users"), 400)
