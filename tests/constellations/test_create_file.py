"""POST /files"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_CONTENTS, BAD_NAMES, BAD_UUIDS
from tests.cast import NOBODY, Constellation, Meanwhile, News, NothingChanges, Person, assert_refused, made


def test_makes_a_file_and_publishes_its_size(bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "WRITE")
    body = {"name": "note.md", "content": "H\u00e9llo \U0001f30d", "folder_uuid": constellation.root}
    answer = made(bob.post("/files", json=body))
    uuid = answer["file_uuid"]
    assert answer == {"file_uuid": uuid, **body} == bob.get(f"/files/{uuid}").get_json()
    assert news.only == (
        "file.created",
        {"file_uuid": uuid, "name": "note.md", "folder_uuid": constellation.root, "size": 11},
    )


@pytest.mark.both_databases
@pytest.mark.parametrize("content", ["", "\r\n\t\x01", "\u2028", "x" * 900_000])
def test_takes_any_text(alice: Person, constellation: Constellation, content: str) -> None:
    file = constellation.file(content=content)
    assert alice.get(f"/files/{file}").get_json()["content"] == content


def test_needs_write(
    bob: Person, charlie: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    constellation.let(bob, "COMMENT")
    body = {"name": "note.md", "content": "", "folder_uuid": constellation.root}
    with nothing_changes():
        assert_refused(bob.post("/files", json=body), 403)
        assert_refused(charlie.post("/files", json=body), 403)


def test_absent_folder(alice: Person, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        body = {"name": "note.md", "content": "", "folder_uuid": NOBODY}
        assert_refused(alice.post("/files", json=body), 404)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person, nothing_changes: NothingChanges, options: dict[str, Any], status: int
) -> None:
    with nothing_changes():
        assert_refused(alice.post("/files", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    good = {"name": "note.md", "content": "Hello", "folder_uuid": constellation.root}
    bad = {"name": BAD_NAMES, "content": BAD_CONTENTS, "folder_uuid": BAD_UUIDS}
    with nothing_changes():
        for field, values in bad.items():
            for value in values:
                assert_refused(alice.post("/files", json={**good, field: value}), 400)
            missing = {key: value for key, value in good.items() if key != field}
            assert_refused(alice.post("/files", json=missing), 400)


def test_folder_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    folder = constellation.folder()
    body = {"name": "note.md", "content": "", "folder_uuid": folder}
    with meanwhile(lambda: alice.delete(f"/folders/{folder}")):
        assert_refused(alice.post("/files", json=body), 404)
