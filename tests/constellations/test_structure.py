"""GET /structure/{id}"""

from typing import Any

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused
from tests.support.statements import executed


@pytest.mark.both_databases
def test_shows_the_whole_tree_sorted(bob: Person, constellation: Constellation) -> None:
    zoo, attic = constellation.folder("zoo"), constellation.folder("attic")
    lion = constellation.file("lion.md", folder=zoo)
    cage = constellation.folder("cage", zoo)
    readme = constellation.file("README.md")
    assert bob.get(f"/structure/{constellation.uuid}").get_json() == {
        "uuid": constellation.root,
        "name": "Orion",
        "type": "folder",
        "children": [
            {"uuid": attic, "name": "attic", "type": "folder", "children": []},
            {
                "uuid": zoo,
                "name": "zoo",
                "type": "folder",
                "children": [
                    {"uuid": cage, "name": "cage", "type": "folder", "children": []},
                    {"uuid": lion, "name": "lion.md", "type": "file"},
                ],
            },
            {"uuid": readme, "name": "README.md", "type": "file"},
        ],
    }


@pytest.mark.both_databases
def test_shows_the_deepest_tree(bob: Person, constellation: Constellation) -> None:
    folder = constellation.root
    for level in range(1, 101):
        folder = constellation.folder(str(level), folder)
    file = constellation.file(folder=folder)
    node: dict[str, Any] = bob.get(f"/structure/{constellation.uuid}").get_json()
    for level in range(1, 101):
        (node,) = node["children"]
        assert node["name"] == str(level)
    assert node["children"] == [{"uuid": file, "name": "note.md", "type": "file"}]


def test_asks_no_more_often_for_a_larger_tree(bob: Person, constellation: Constellation) -> None:
    for name in "abc":
        constellation.file(folder=constellation.folder(name))
    with executed() as statements:
        bob.get(f"/structure/{constellation.uuid}")
    assert len([text for text in statements if text.startswith("SELECT")]) == 4  # two of them for the rights


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"/structure/{constellation.uuid}"), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.get(f"/structure/{NOBODY}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/structure/{uuid}"), 400)
