"""GET /constellations"""

import pytest

from tests.cast import Constellation, Person, assert_refused, make_constellation


def test_shows_the_callers_own_with_rights(alice: Person, bob: Person, constellation: Constellation) -> None:
    response = bob.get("/constellations")
    assert response.status_code == 200
    assert response.get_json() == [
        {"constellation_uuid": constellation.uuid, "name": "Orion", "description": "", "rights": "READ"}
    ]


def test_shows_a_stranger_nothing(charlie: Person, constellation: Constellation) -> None:
    assert charlie.get("/constellations").get_json() == []


@pytest.mark.both_databases
def test_oldest_first_and_in_parts(alice: Person) -> None:
    names = ["Orion", "Lyra", "Aquila", "Cygnus", "Draco"]
    for name in names:
        make_constellation(alice, name)
    everything = alice.get("/constellations").get_json()
    assert [found["name"] for found in everything] == names
    second = alice.get("/constellations?page=2&per_page=2").get_json()
    assert second == everything[2:4]
    assert alice.get("/constellations?page=9&per_page=2").get_json() == []


def test_refuses_bad_pages(alice: Person) -> None:
    for query in (
        "page=0",
        "page=-1",
        "page=x",
        "page=",
        "page=1.5",
        "page=1&per_page=0",
        "page=1&per_page=501",
    ):
        assert_refused(alice.get(f"/constellations?{query}"), 400)
    for query in (
        "page=99999999999999999999999",
        "page=%D9%A1",
        "page=1_0",
        "page=%00",
        "page=1&per_page=%2B1",
    ):
        assert_refused(alice.get(f"/constellations?{query}"), 400)


@pytest.mark.both_databases
def test_farthest_page_is_empty(alice: Person, constellation: Constellation) -> None:
    assert alice.get("/constellations?page=1000000000&per_page=500").get_json() == []


def test_needs_credentials(nobody: Person) -> None:
    assert_refused(nobody.get("/constellations"), 401)
