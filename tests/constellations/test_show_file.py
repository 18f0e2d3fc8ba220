"""GET /files/{id}"""

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


def test_shows_it_with_its_content(bob: Person, constellation: Constellation) -> None:
    file = constellation.file("note.md", "Hello")
    assert bob.get(f"/files/{file}").get_json() == {
        "file_uuid": file,
        "name": "note.md",
        "content": "Hello",
        "folder_uuid": constellation.root,
    }


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"/files/{constellation.file()}"), 403)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    for uuid in (NOBODY, constellation.root):
        assert_refused(alice.get(f"/files/{uuid}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/files/{uuid}"), 400)
