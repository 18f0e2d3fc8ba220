"""GET /files/{id}/comments"""

import pytest

from tests.cast import MALFORMED, NOBODY, Constellation, Person, assert_refused


@pytest.mark.both_databases
def test_shows_comments_and_replies_in_order(
    alice: Person, bob: Person, constellation: Constellation
) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    first, second = constellation.comment(file, content="one"), constellation.comment(file, bob, "two")
    reply = constellation.reply(file, first, bob)
    response = bob.get(f"/files/{file}/comments")
    assert response.status_code == 200
    rows = [
        (first, "one", alice.uuid, None),
        (second, "two", bob.uuid, None),
        (reply, "Yes", bob.uuid, first),
    ]
    assert response.get_json() == {
        "comments": [
            {
                "comment_uuid": uuid,
                "content": text,
                "file_uuid": file,
                "author_uuid": by,
                "parent_uuid": parent,
            }
            for uuid, text, by, parent in rows
        ]
    }


@pytest.mark.both_databases
def test_in_parts(bob: Person, constellation: Constellation) -> None:
    file = constellation.file()
    made = [constellation.comment(file, content=str(number)) for number in range(5)]
    shown = []
    for page in (1, 2, 3):
        part = bob.get(f"/files/{file}/comments?page={page}&per_page=2").get_json()["comments"]
        shown += [comment["comment_uuid"] for comment in part]
    assert shown == made
    assert_refused(bob.get(f"/files/{file}/comments?page=x"), 400)


@pytest.mark.both_databases
def test_a_comment_outlives_its_author(alice: Person, bob: Person, constellation: Constellation) -> None:
    constellation.let(bob, "COMMENT")
    file = constellation.file()
    constellation.comment(file, bob)
    assert bob.delete("/users").status_code == 200
    (left,) = alice.get(f"/files/{file}/comments").get_json()["comments"]
    assert left["author_uuid"] is None


def test_refuses_a_stranger(charlie: Person, constellation: Constellation) -> None:
    assert_refused(charlie.get(f"/files/{constellation.file()}/comments"), 403)


def test_absent_or_malformed(alice: Person) -> None:
    assert_refused(alice.get(f"/files/{NOBODY}/comments"), 404)
    for uuid in MALFORMED:
        assert_refused(alice.get(f"/files/{uuid}/comments"), 400)
