"""POST /folders"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_NAMES, BAD_UUIDS
from tests.cast import NOBODY, Constellation, Meanwhile, News, NothingChanges, Person, assert_refused, made


def test_makes_a_folder_in_a_folder(bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "WRITE")
    body = {"name": "Notes", "parent_folder_uuid": constellation.root.upper()}
    answer = made(bob.post("/folders", json=body))
    shown = {"folder_uuid": answer["folder_uuid"], "name": "Notes", "parent_folder_uuid": constellation.root}
    assert answer == shown == bob.get(f"/folders/{answer['folder_uuid']}").get_json()
    assert news.only == ("folder.created", shown)


def test_siblings_may_share_a_name(constellation: Constellation) -> None:
    assert constellation.folder("Notes") != constellation.folder("Notes")


def test_needs_write(
    bob: Person, charlie: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    constellation.let(bob, "COMMENT")
    body = {"name": "Notes", "parent_folder_uuid": constellation.root}
    with nothing_changes():
        assert_refused(bob.post("/folders", json=body), 403)
        assert_refused(charlie.post("/folders", json=body), 403)


def test_absent_parent(alice: Person, constellation: Constellation, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert_refused(alice.post("/folders", json={"name": "Notes", "parent_folder_uuid": NOBODY}), 404)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(alice.post("/folders", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    with nothing_changes():
        for name in BAD_NAMES:
            body = {"name": name, "parent_folder_uuid": constellation.root}
            assert_refused(alice.post("/folders", json=body), 400)
        for uuid in BAD_UUIDS:
            assert_refused(alice.post("/folders", json={"name": "Notes", "parent_folder_uuid": uuid}), 400)


@pytest.mark.both_databases
def test_depth_is_bounded(alice: Person, constellation: Constellation) -> None:
    folder = constellation.root
    for level in range(1, 101):
        folder = constellation.folder(str(level), folder)
    error = assert_refused(alice.post("/folders", json={"name": "101", "parent_folder_uuid": folder}), 400)
    assert "100 levels" in error


def test_parent_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    parent = constellation.folder()
    with meanwhile(lambda: alice.delete(f"/folders/{parent}")):
        assert_refused(alice.post("/folders", json={"name": "Notes", "parent_folder_uuid": parent}), 404)
