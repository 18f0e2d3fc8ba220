"""DELETE /constellations/{id}"""

import pytest
from flask import Flask

from tests.cast import (
    MALFORMED,
    NOBODY,
    Constellation,
    News,
    NothingChanges,
    Person,
    assert_refused,
    make_constellation,
    stored,
)


@pytest.mark.both_databases
def test_removes_all_below_and_nothing_else(app: Flask, alice: Person, constellation: Constellation) -> None:
    make_constellation(alice, "Lyra").file()
    before = stored(app)
    doomed = make_constellation(alice, "Draco")
    file = doomed.file(folder=doomed.folder(parent=doomed.folder()))
    doomed.reply(file, doomed.comment(file))
    response = alice.delete(doomed.path)
    assert (response.status_code, response.get_json()) == (200, {"message": "Constellation deleted"})
    assert stored(app) == before


def test_publishes_before_its_streams_end(alice: Person, constellation: Constellation, news: News) -> None:
    alice.delete(constellation.path)
    assert news.only == ("constellation.deleted", {"constellation_uuid": constellation.uuid})
    assert news.cuts == [("deleted", {"topic": f"constellation:{constellation.uuid}"})]
    assert news.order == ["constellation.deleted", "deleted"]


def test_is_gone_afterwards(alice: Person, bob: Person, constellation: Constellation) -> None:
    alice.delete(constellation.path)
    for person in (alice, bob):
        assert_refused(person.get(constellation.path), 404)
        assert person.get("/constellations").get_json() == []
    assert_refused(alice.delete(constellation.path), 404)


@pytest.mark.parametrize("rights", ["", "READ", "COMMENT", "WRITE"])
def test_needs_admin(
    bob: Person, constellation: Constellation, nothing_changes: NothingChanges, rights: str
) -> None:
    constellation.let(bob, rights)
    with nothing_changes():
        assert_refused(bob.delete(constellation.path), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.delete(f"/constellations/{NOBODY}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.delete(f"/constellations/{uuid}"), 400)


@pytest.mark.both_databases
def test_removes_the_deepest_trees(alice: Person, constellation: Constellation) -> None:
    folder = constellation.root
    for level in range(100):
        folder = constellation.folder(f"level {level}", folder)
    file = constellation.file(folder=folder)
    comment = constellation.comment(file)
    for _ in range(100):
        comment = constellation.reply(file, comment)
    assert alice.delete(constellation.path).status_code == 200
    assert_refused(alice.get(f"/files/{file}"), 404)
