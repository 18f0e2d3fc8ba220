"""PUT /files/{id}/comments/{comment}"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_COMMENTS
from tests.cast import NOBODY, Constellation, Meanwhile, News, NothingChanges, Person, assert_refused


def test_changes_ones_own(bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    comment = constellation.comment(file, bob)
    news.clear()
    response = bob.put(f"/files/{file}/comments/{comment}", json={"content": "On second thought"})
    assert response.status_code == 200
    (shown,) = bob.get(f"/files/{file}/comments").get_json()["comments"]
    assert response.get_json() == shown
    assert (shown["comment_uuid"], shown["content"]) == (comment, "On second thought")
    assert news.only == ("comment.updated", shown)


def test_only_the_author_changes_it(
    alice: Person, bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    constellation.let(bob, "ADMIN")
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
    with nothing_changes():
        assert_refused(bob.put(path, json={"content": "x"}), 403)
        assert_refused(bob.put(path, json={"content": 5}), 403)


def test_needs_comment_still(bob: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file, bob)}"
    for rights in ("READ", ""):
        constellation.let(bob, rights)
        assert_refused(bob.put(path, json={"content": "x"}), 403)


@pytest.mark.parametrize(("options", "status"), BAD_BODIES)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    file = constellation.file()
    comment = constellation.comment(file)
    with nothing_changes():
        assert_refused(alice.put(f"/files/{file}/comments/{comment}", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_texts(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
    with nothing_changes():
        for content in BAD_COMMENTS:
            assert_refused(alice.put(path, json={"content": content}), 400)


def test_absent_or_malformed(alice: Person, constellation: Constellation) -> None:
    file, other = constellation.file(), constellation.file()
    comment = constellation.comment(file)
    for path in (f"{other}/comments/{comment}", f"{file}/comments/{NOBODY}", f"{NOBODY}/comments/{comment}"):
        assert_refused(alice.put(f"/files/{path}", json={"content": "x"}), 404)
    for path in (f"x/comments/{comment}", f"{file}/comments/x"):
        assert_refused(alice.put(f"/files/{path}", json={"content": "x"}), 400)


def test_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
    with meanwhile(lambda: alice.delete(path)):
        assert_refused(alice.put(path, json={"content": "x"}), 404)
