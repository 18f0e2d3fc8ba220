"""DELETE /files/{id}/comments/{comment}"""

import pytest
from flask import Flask

from tests.cast import NOBODY, Constellation, News, NothingChanges, Person, assert_refused, stored


@pytest.mark.both_databases
def test_removes_it_with_its_replies(
    app: Flask, bob: Person, constellation: Constellation, news: News
) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    before = stored(app)
    comment = constellation.comment(file, bob)
    constellation.reply(file, constellation.reply(file, comment), bob)
    news.clear()
    response = bob.delete(f"/files/{file}/comments/{comment}")
    assert (response.status_code, response.get_json()) == (200, {"message": "Comment deleted"})
    assert stored(app) == before
    assert news.only == ("comment.deleted", {"comment_uuid": comment})


def test_an_admin_deletes_others(alice: Person, bob: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    comment = constellation.comment(file, bob)
    assert alice.delete(f"/files/{file}/comments/{comment}").status_code == 200


@pytest.mark.parametrize("rights", ["", "READ", "COMMENT", "WRITE"])
def test_others_remove_only_their_own(
    bob: Person, constellation: Constellation, nothing_changes: NothingChanges, rights: str
) -> None:
    file = constellation.file()
    comment = constellation.comment(file)
    constellation.let(bob, rights)
    with nothing_changes():
        assert_refused(bob.delete(f"/files/{file}/comments/{comment}"), 403)


def test_needs_comment_still(bob: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    comment = constellation.comment(file, bob)
    constellation.let(bob, "READ")
    assert_refused(bob.delete(f"/files/{file}/comments/{comment}"), 403)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    file, other = constellation.file(), constellation.file()
    comment = constellation.comment(file)
    for path in (f"{other}/comments/{comment}", f"{file}/comments/{NOBODY}", f"{NOBODY}/comments/{comment}"):
        assert_refused(alice.delete(f"/files/{path}"), 404)
    for path in (f"x/comments/{comment}", f"{file}/comments/x"):
        assert_refused(alice.delete(f"/files/{path}"), 400)
