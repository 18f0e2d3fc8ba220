"""PATCH /folders/{id}"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_NAMES, BAD_UUIDS
from tests.cast import (
    NOBODY,
    Constellation,
    Meanwhile,
    News,
    NothingChanges,
    Person,
    assert_refused,
    make_constellation,
)


@pytest.mark.both_databases
def test_renames_and_moves(bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "WRITE")
    folder, target = constellation.folder("Notes"), constellation.folder("Archive")
    news.clear()
    response = bob.patch(f"/folders/{folder}", json={"name": "Old notes", "parent_folder_uuid": target})
    shown = {"folder_uuid": folder, "name": "Old notes", "parent_folder_uuid": target}
    assert response.status_code == 200
    assert response.get_json() == shown == bob.get(f"/folders/{folder}").get_json()
    assert news.only == ("folder.updated", shown)


def test_the_root_can_be_renamed_but_not_moved(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    path, folder = f"/folders/{constellation.root}", constellation.folder()
    whole = {**alice.get(path).get_json(), "name": "Home"}
    assert alice.patch(path, json=whole).get_json() == whole
    with nothing_changes():
        assert_refused(alice.patch(path, json={"parent_folder_uuid": folder}), 400)
        assert_refused(alice.patch(path, json={"parent_folder_uuid": constellation.root}), 400)


def test_there_is_only_one_root(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    folder = constellation.folder()
    with nothing_changes():
        assert_refused(alice.patch(f"/folders/{folder}", json={"parent_folder_uuid": None}), 400)


@pytest.mark.both_databases
def test_not_under_itself(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    top = constellation.folder("top")
    below = constellation.folder("below", top)
    lowest = constellation.folder("lowest", below)
    with nothing_changes():
        for target in (top, below, lowest):
            assert_refused(alice.patch(f"/folders/{top}", json={"parent_folder_uuid": target}), 400)
    assert alice.patch(f"/folders/{lowest}", json={"parent_folder_uuid": top}).status_code == 200


@pytest.mark.both_databases
def test_moved_into_each_other_meanwhile(
    alice: Person, constellation: Constellation, meanwhile: Meanwhile
) -> None:
    left, right = constellation.folder("left"), constellation.folder("right")
    with meanwhile(lambda: alice.patch(f"/folders/{right}", json={"parent_folder_uuid": left})):
        assert_refused(alice.patch(f"/folders/{left}", json={"parent_folder_uuid": right}), 400)
    assert alice.get(f"/folders/{left}").get_json()["parent_folder_uuid"] == constellation.root


def test_not_into_another_constellation(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    folder, other = constellation.folder(), make_constellation(alice, "Lyra")
    with nothing_changes():
        response = alice.patch(f"/folders/{folder}", json={"parent_folder_uuid": other.root})
        assert "another constellation" in assert_refused(response, 400)
        assert_refused(alice.patch(f"/folders/{folder}", json={"parent_folder_uuid": NOBODY}), 404)


@pytest.mark.both_databases
def test_depth_counts_what_is_below(alice: Person, constellation: Constellation) -> None:
    tall = constellation.folder("tall")
    deep = constellation.root
    for level in range(1, 99):
        deep = constellation.folder(str(level), deep)
    lower = constellation.folder("child", tall)
    constellation.folder("grandchild", lower)
    assert_refused(alice.patch(f"/folders/{tall}", json={"parent_folder_uuid": deep}), 400)
    assert alice.patch(f"/folders/{lower}", json={"parent_folder_uuid": deep}).status_code == 200


def test_needs_write(bob: Person, charlie: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    for person in (bob, charlie):
        assert_refused(person.patch(f"/folders/{constellation.root}", json={"name": 5}), 403)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    with nothing_changes():
        assert_refused(alice.patch(f"/folders/{constellation.root}", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    folder = constellation.folder()
    with nothing_changes():
        for name in BAD_NAMES:
            assert_refused(alice.patch(f"/folders/{folder}", json={"name": name}), 400)
        for uuid in BAD_UUIDS:
            assert_refused(alice.patch(f"/folders/{folder}", json={"parent_folder_uuid": uuid}), 400)


def test_target_or_folder_deleted_meanwhile(
    alice: Person, constellation: Constellation, meanwhile: Meanwhile
) -> None:
    folder, target = constellation.folder(), constellation.folder()
    move = {"parent_folder_uuid": target}
    with meanwhile(lambda: alice.delete(f"/folders/{target}")):
        assert_refused(alice.patch(f"/folders/{folder}", json=move), 404)
    with meanwhile(lambda: alice.delete(f"/folders/{folder}")):
        assert_refused(alice.patch(f"/folders/{folder}", json={"name": "x"}), 404)
    assert_refused(alice.patch("/folders/x", json=move), 400)
