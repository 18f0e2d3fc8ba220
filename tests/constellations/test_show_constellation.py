"""GET /constellations/{id}"""

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


@pytest.mark.both_databases
def test_shows_it_with_the_readers_rights(alice: Person, bob: Person, constellation: Constellation) -> None:
    answer = bob.get(constellation.path).get_json()
    assert answer.pop("created_at").endswith("Z")
    assert answer == {
        "constellation_uuid": constellation.uuid,
        "root_folder_uuid": constellation.root,
        "name": "Orion",
        "description": "",
        "rights": "READ",
    }
    assert alice.get(constellation.path).get_json()["rights"] == "ADMIN"


def test_takes_upper_case_uuids(bob: Person, constellation: Constellation) -> None:
    answer = bob.get(f"/constellations/{constellation.uuid.upper()}").get_json()
    assert answer["constellation_uuid"] == constellation.uuid


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(constellation.path), 403)


def test_absent(alice: Person, constellation: Constellation) -> None:
    assert_refused(alice.get(f"/constellations/{NOBODY}"), 404)


@pytest.mark.parametrize("uuid", MALFORMED)
def test_malformed(alice: Person, uuid: str) -> None:
    assert_refused(alice.get(f"/constellations/{uuid}"), 400)


def test_other_methods_answer_json(alice: Person, constellation: Constellation) -> None:
    response = alice.put(constellation.path)
    assert_refused(response, 405)
    assert "PATCH" in response.headers["Allow"]
