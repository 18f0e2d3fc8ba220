"""DELETE /users"""

import pytest
from flask import Flask

from tests.cast import (
    PASSWORD,
    Constellation,
    News,
    NothingChanges,
    Person,
    assert_refused,
    make_constellation,
    stored,
)

pytestmark = pytest.mark.both_databases


def test_removes_the_account(app: Flask, alice: Person, nobody: Person, news: News) -> None:
    response = alice.delete("/users")
    assert response.status_code == 200
    assert set(response.get_json()) == {"message"}
    assert_refused(alice.get("/constellations"), 401)
    assert_refused(nobody.post("/login", json={"name": "Alice", "password": PASSWORD}), 401)
    assert news.cuts == [("deleted", {"user": alice.uuid, "version": 0})]
    assert not any(stored(app).values())


def test_deletes_constellations_without_other_members(
    app: Flask, alice: Person, bob: Person, constellation: Constellation, news: News
) -> None:
    before = stored(app)
    own = [make_constellation(bob, name) for name in ("Lyra", "Draco")]
    for each in own:
        each.comment(each.file(folder=each.folder()))
    news.clear()
    assert bob.delete("/users").status_code == 200
    after = stored(app)
    assert [after[name] for name in ("constellations", "folders")] == [
        before[name] for name in ("constellations", "folders")
    ]
    assert (after["files"], after["comments"]) == ([], [])
    assert len(after["memberships"]) == 1
    deleted = [event for event in news.events if event["type"] == "constellation.deleted"]
    assert sorted(event["data"]["constellation_uuid"] for event in deleted) == sorted(
        each.uuid for each in own
    )


def test_tells_the_others(bob: Person, constellation: Constellation, news: News) -> None:
    bob.delete("/users")
    assert news.only == (
        "member.disconnected",
        {"user_uuid": bob.uuid, "name": "Bob", "rights": "READ"},
    )
    topic = f"constellation:{constellation.uuid}"
    assert news.cuts == [
        ("deleted", {"user": bob.uuid, "version": 0}),
        ("rights_revoked", {"topic": topic, "user": bob.uuid}),
    ]


def test_not_while_the_last_admin_of_others(
    alice: Person, bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    with nothing_changes():
        assert_refused(alice.delete("/users"), 400)
    constellation.let(bob, "ADMIN")
    assert alice.delete("/users").status_code == 200
    assert bob.get(f"{constellation.path}/users").get_json() == [
        {"uuid": bob.uuid, "name": "Bob", "rights": "ADMIN"}
    ]


def test_needs_credentials(nobody: Person) -> None:
    assert_refused(nobody.delete("/users"), 401)
