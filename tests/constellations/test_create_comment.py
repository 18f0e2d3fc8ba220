"""POST /files/{id}/comments"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_COMMENTS
from tests.cast import NOBODY, Constellation, Meanwhile, News, NothingChanges, Person, assert_refused, made


def test_makes_and_publishes_it(bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    news.clear()
    answer = made(bob.post(f"/files/{file}/comments", json={"content": "Well said"}))
    assert answer == {
        "comment_uuid": answer["comment_uuid"],
        "content": "Well said",
        "file_uuid": file,
        "author_uuid": bob.uuid,
        "parent_uuid": None,
    }
    assert news.only == ("comment.created", answer)


@pytest.mark.both_databases
def test_takes_ten_thousand_characters(alice: Person, constellation: Constellation) -> None:
    text = "\U0001f30d\n" * 5000
    file = constellation.file()
    constellation.comment(file, content=text)
    (shown,) = alice.get(f"/files/{file}/comments").get_json()["comments"]
    assert shown["content"] == text


def test_needs_comment(bob: Person, charlie: Person, constellation: Constellation) -> None:
    path = f"/files/{constellation.file()}/comments"
    for person in (bob, charlie):
        assert_refused(person.post(path, json={"content": 5}), 403)


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
        assert_refused(alice.post(f"/files/{file}/comments", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_texts(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file = constellation.file()
    with nothing_changes():
        for content in BAD_COMMENTS:
            assert_refused(alice.post(f"/files/{file}/comments", json={"content": content}), 400)


def test_file_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    file = constellation.file()
    with meanwhile(lambda: alice.delete(f"/files/{file}")):
        assert_refused(alice.post(f"/files/{file}/comments", json={"content": "Well said"}), 404)


def test_account_deleted_meanwhile(bob: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    with meanwhile(lambda: bob.delete("/users")):
        assert_refused(bob.post(f"/files/{file}/comments", json={"content": "Well said"}), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.post(f"/files/{NOBODY}/comments", json={"content": "x"}), 404)
    assert_refused(alice.post("/files/x/comments", json={"content": "x"}), 400)
