"""DELETE /folders/{id}"""

import pytest
from flask import Flask

from tests.cast import MALFORMED, NOBODY, Constellation, News, NothingChanges, Person, assert_refused, stored


@pytest.mark.both_databases
def test_removes_all_below(app: Flask, bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "WRITE")
    before = stored(app)
    folder = constellation.folder()
    file = constellation.file(folder=constellation.folder(parent=folder))
    constellation.reply(file, constellation.comment(file))
    news.clear()
    response = bob.delete(f"/folders/{folder}")
    assert (response.status_code, response.get_json()) == (200, {"message": "Folder deleted"})
    assert stored(app) == before
    assert news.only == ("folder.deleted", {"folder_uuid": folder})


def test_the_root_stays(alice: Person, constellation: Constellation, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert_refused(alice.delete(f"/folders/{constellation.root}"), 400)


@pytest.mark.parametrize("rights", ["", "READ", "COMMENT"])
def test_needs_write(
    bob: Person, constellation: Constellation, nothing_changes: NothingChanges, rights: str
) -> None:
    folder = constellation.folder()
    constellation.let(bob, rights)
    with nothing_changes():
        assert_refused(bob.delete(f"/folders/{folder}"), 403)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    folder = constellation.folder()
    assert alice.delete(f"/folders/{folder}").status_code == 200
    for uuid in (folder, NOBODY):
        assert_refused(alice.delete(f"/folders/{uuid}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.delete(f"/folders/{uuid}"), 400)
