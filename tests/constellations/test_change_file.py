"""PATCH /files/{id}"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_CONTENTS, BAD_NAMES, BAD_UUIDS
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

pytestmark = pytest.mark.pooled


@pytest.mark.parametrize("change", [{"name": "other.md"}, {"content": ""}, {"name": "x", "content": "y"}])
def test_changes_what_is_given(bob: Person, constellation: Constellation, change: dict[str, str]) -> None:
    constellation.let(bob, "WRITE")
    file = constellation.file()
    before = bob.get(f"/files/{file}").get_json()
    response = bob.patch(f"/files/{file}", json=change)
    assert response.status_code == 200
    assert response.get_json() == {**before, **change} == bob.get(f"/files/{file}").get_json()


@pytest.mark.both_databases
def test_moves_and_publishes_the_size(alice: Person, constellation: Constellation, news: News) -> None:
    file, folder = constellation.file("note.md", "\u00fc"), constellation.folder()
    news.clear()
    assert alice.patch(f"/files/{file}", json={"folder_uuid": folder}).get_json()["folder_uuid"] == folder
    assert news.only == (
        "file.updated",
        {"file_uuid": file, "name": "note.md", "folder_uuid": folder, "size": 2},
    )
    (moved,) = alice.get(f"/folders/{folder}/files").get_json()["files"]
    assert moved["file_uuid"] == file


def test_not_into_another_constellation(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file, other = constellation.file(), make_constellation(alice, "Lyra")
    with nothing_changes():
        response = alice.patch(f"/files/{file}", json={"folder_uuid": other.root, "name": "x"})
        assert "another constellation" in assert_refused(response, 400)
        assert_refused(alice.patch(f"/files/{file}", json={"folder_uuid": NOBODY, "name": "x"}), 404)


def test_needs_write(bob: Person, charlie: Person, constellation: Constellation) -> None:
    file = constellation.file()
    constellation.let(bob, "COMMENT")
    for person in (bob, charlie):
        assert_refused(person.patch(f"/files/{file}", json={"name": 5}), 403)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    file = constellation.file()
    with nothing_changes():
        assert_refused(alice.patch(f"/files/{file}", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file = constellation.file()
    bad = {"name": BAD_NAMES, "content": BAD_CONTENTS, "folder_uuid": BAD_UUIDS}
    with nothing_changes():
        for field, values in bad.items():
            for value in values:
                assert_refused(alice.patch(f"/files/{file}", json={field: value}), 400)


def test_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    file, folder = constellation.file(), constellation.folder()
    with meanwhile(lambda: alice.delete(f"/folders/{folder}")):
        assert_refused(alice.patch(f"/files/{file}", json={"folder_uuid": folder}), 404)
    with meanwhile(lambda: alice.delete(f"/files/{file}")):
        assert_refused(alice.patch(f"/files/{file}", json={"name": "x"}), 404)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.patch(f"/files/{NOBODY}", json={"name": "x"}), 404)
    assert_refused(alice.patch("/files/x", json={"name": "x"}), 400)
