"""DELETE /files/{id}"""

import pytest
from flask import Flask

from tests.cast import MALFORMED, NOBODY, Constellation, News, NothingChanges, Person, assert_refused, stored


@pytest.mark.both_databases
def test_removes_it_with_its_comments(
    app: Flask, bob: Person, constellation: Constellation, news: News
) -> None:
    constellation.let(bob, "WRITE")
    before = stored(app)
    file = constellation.file()
    constellation.reply(file, constellation.comment(file))
    news.clear()
    response = bob.delete(f"/files/{file}")
    assert (response.status_code, response.get_json()) == (200, {"message": "File deleted"})
    assert stored(app) == before
    assert news.only == ("file.deleted", {"file_uuid": file})


@pytest.mark.parametrize("rights", ["", "READ", "COMMENT"])
def test_needs_write(
    bob: Person, constellation: Constellation, nothing_changes: NothingChanges, rights: str
) -> None:
    file = constellation.file()
    constellation.let(bob, rights)
    with nothing_changes():
        assert_refused(bob.delete(f"/files/{file}"), 403)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    file = constellation.file()
    assert alice.delete(f"/files/{file}").status_code == 200
    for uuid in (file, NOBODY):
        assert_refused(alice.delete(f"/files/{uuid}"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.delete(f"/files/{uuid}"), 400)
