"""GET /folders/{id}"""

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


def test_shows_folders_and_the_root(bob: Person, constellation: Constellation) -> None:
    folder = constellation.folder("Notes")
    assert bob.get(f"/folders/{folder}").get_json() == {
        "folder_uuid": folder,
        "name": "Notes",
        "parent_folder_uuid": constellation.root,
    }
    root = bob.get(f"/folders/{constellation.root}").get_json()
    assert root == {"folder_uuid": constellation.root, "name": "Orion", "parent_folder_uuid": None}


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"/folders/{constellation.root}"), 403)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    assert_refused(alice.get(f"/folders/{NOBODY}"), 404)
    assert_refused(alice.get(f"/folders/{constellation.uuid}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/folders/{uuid}"), 400)
