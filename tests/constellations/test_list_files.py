"""GET /folders/{id}/files"""

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


def test_shows_those_of_this_folder_by_name(bob: Person, constellation: Constellation) -> None:
    folder = constellation.folder()
    second, first = constellation.file("b.md", folder=folder), constellation.file("a.md", folder=folder)
    constellation.file("elsewhere.md")
    response = bob.get(f"/folders/{folder}/files")
    assert response.status_code == 200
    assert response.get_json() == {
        "files": [
            {"file_uuid": first, "name": "a.md", "folder_uuid": folder},
            {"file_uuid": second, "name": "b.md", "folder_uuid": folder},
        ]
    }


@pytest.mark.both_databases
def test_in_parts(bob: Person, constellation: Constellation) -> None:
    files = {constellation.file("same name") for _ in range(5)}
    path, found = f"/folders/{constellation.root}/files", set()
    for page in (1, 2, 3):
        part = bob.get(f"{path}?page={page}&per_page=2").get_json()["files"]
        found |= {file["file_uuid"] for file in part}
    assert found == files
    assert_refused(bob.get(f"{path}?page=1&per_page=501"), 400)


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"/folders/{constellation.root}/files"), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.get(f"/folders/{NOBODY}/files"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/folders/{uuid}/files"), 400)
