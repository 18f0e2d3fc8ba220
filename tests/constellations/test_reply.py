"""POST /files/{id}/comments/{comment}"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_COMMENTS
from tests.cast import (
    MALFORMED,
    NOBODY,
    Constellation,
    Meanwhile,
    News,
    NothingChanges,
    Person,
    assert_refused,
    made,
)


def test_answers_a_comment(alice: Person, bob: Person, constellation: Constellation, news: News) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    comment = constellation.comment(file)
    news.clear()
    answer = made(bob.post(f"/files/{file}/comments/{comment}", json={"content": "Yes"}))
    assert answer == {"reply_uuid": answer["reply_uuid"], "content": "Yes", "comment_uuid": comment}
    shown = alice.get(f"/files/{file}/comments").get_json()["comments"][1]
    assert (shown["comment_uuid"], shown["parent_uuid"]) == (answer["reply_uuid"], comment)
    assert news.only == ("comment.created", shown)


@pytest.mark.both_databases
def test_depth_is_bounded(alice: Person, constellation: Constellation) -> None:
    file = constellation.file()
    comment = constellation.comment(file)
    for _ in range(100):
        comment = constellation.reply(file, comment)
    assert_refused(alice.post(f"/files/{file}/comments/{comment}", json={"content": "No"}), 400)


def test_only_on_its_own_file(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file, other = constellation.file(), constellation.file()
    comment = constellation.comment(file)
    with nothing_changes():
        for path in (f"/files/{other}/comments/{comment}", f"/files/{file}/comments/{NOBODY}"):
            assert_refused(alice.post(path, json={"content": "Yes"}), 404)
        assert_refused(alice.post(f"/files/{NOBODY}/comments/{comment}", json={"content": "Yes"}), 404)
        for uuid in MALFORMED:
            assert_refused(alice.post(f"/files/{file}/comments/{uuid}", json={"content": "Yes"}), 400)


def test_needs_comment(bob: Person, charlie: Person, constellation: Constellation) -> None:
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
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
    comment = constellation.comment(file)
    with nothing_changes():
        assert_refused(alice.post(f"/files/{file}/comments/{comment}", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_texts(
    alice: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
    with nothing_changes():
        for content in BAD_COMMENTS:
            assert_refused(alice.post(path, json={"content": content}), 400)


def test_comment_deleted_meanwhile(alice: Person, constellation: Constellation, meanwhile: Meanwhile) -> None:
    file = constellation.file()
    path = f"/files/{file}/comments/{constellation.comment(file)}"
    with meanwhile(lambda: alice.delete(path)):
        assert_refused(alice.post(path, json={"content": "Yes"}), 404)
