"""PATCH /constellations/{id}"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_DESCRIPTIONS, BAD_NAMES
from tests.cast import NOBODY, Constellation, Meanwhile, News, NothingChanges, Person, assert_refused


def test_changes_what_is_given(bob: Person, constellation: Constellation) -> None:
    constellation.let(bob, "WRITE")
    answer = bob.patch(constellation.path, json={"description": "The hunter"}).get_json()
    assert (answer["name"], answer["description"], answer["rights"]) == ("Orion", "The hunter", "WRITE")
    answer = bob.patch(constellation.path, json={"name": "Lyra"}).get_json()
    assert (answer["name"], answer["description"]) == ("Lyra", "The hunter")
    assert answer == bob.get(constellation.path).get_json()


def test_publishes_it_without_rights(alice: Person, constellation: Constellation, news: News) -> None:
    answer = alice.patch(constellation.path, json={"name": "Lyra"}).get_json()
    del answer["rights"]
    assert news.topics == [f"constellation:{constellation.uuid}"]
    assert news.events == [
        {"type": "constellation.updated", "constellation_uuid": constellation.uuid, "data": answer}
    ]


def test_needs_write(bob: Person, charlie: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    assert_refused(bob.patch(constellation.path, json={"name": "Lyra"}), 403)
    assert_refused(charlie.patch(constellation.path, json={"name": "Lyra"}), 403)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    with nothing_changes():
        assert_refused(alice.patch(constellation.path, **options), status)


@pytest.mark.both_databases
def test_refuses_bad_texts(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    with nothing_changes():
        for name in BAD_NAMES:
            assert_refused(alice.patch(constellation.path, json={"name": name}), 400)
        for description in BAD_DESCRIPTIONS:
            assert_refused(alice.patch(constellation.path, json={"description": description}), 400)
        assert_refused(alice.patch(constellation.path, json={"unknown": 1}), 400)


def test_checks_the_path_and_the_rights_before_the_body(bob: Person, constellation: Constellation) -> None:
    too_large = {"data": b"x" * 2_000_000, "content_type": "application/json"}
    assert_refused(bob.patch(constellation.path, **too_large), 403)
    assert_refused(bob.patch(f"/constellations/{NOBODY}", **too_large), 404)
    assert_refused(bob.patch("/constellations/x", **too_large), 400)


def test_deleted_meanwhile(
    alice: Person, constellation: Constellation, news: News, meanwhile: Meanwhile
) -> None:
    with meanwhile(lambda: alice.delete(constellation.path)):
        assert_refused(alice.patch(constellation.path, json={"name": "Lyra"}), 404)
    assert news.order == ["constellation.deleted", "deleted"]


def test_rights_lowered_meanwhile(bob: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    constellation.let(bob, "WRITE")
    with meanwhile(lambda: constellation.let(bob, "READ")):
        assert_refused(bob.patch(constellation.path, json={"name": "Lyra"}), 403)
