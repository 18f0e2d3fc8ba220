"""POST /constellations/{id}/disconnect"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_UUIDS
from tests.cast import NOBODY, Constellation, News, NothingChanges, Person, assert_refused

DISCONNECTED = {"message": "User disconnected from constellation"}
BAD = BAD_BODIES[2:]


@pytest.mark.parametrize("where", ["json", "query_string"])
@pytest.mark.parametrize("name", ["user_uuid", "user_uuid_to_disconnect"])
def test_body_or_query_by_either_name(
    alice: Person, bob: Person, constellation: Constellation, where: str, name: str
) -> None:
    options: dict[str, Any] = {where: {name: bob.uuid}}
    response = alice.post(f"{constellation.path}/disconnect", **options)
    assert (response.status_code, response.get_json()) == (200, DISCONNECTED)
    assert_refused(bob.get(constellation.path), 403)


def test_says_who_left_then_ends_the_streams(
    alice: Person, bob: Person, constellation: Constellation, news: News
) -> None:
    constellation.let(bob, "WRITE")
    alice.post(f"{constellation.path}/disconnect", json={"user_uuid": bob.uuid})
    assert news.only == (
        "member.disconnected",
        {"user_uuid": bob.uuid, "name": "Bob", "rights": "WRITE"},
    )
    assert news.cuts == [
        ("rights_revoked", {"topic": f"constellation:{constellation.uuid}", "user": bob.uuid})
    ]
    assert news.order == ["member.disconnected", "rights_revoked"]


@pytest.mark.parametrize("rights", ["READ", "COMMENT", "WRITE", "ADMIN"])
def test_every_member_may_leave(bob: Person, constellation: Constellation, rights: str) -> None:
    constellation.let(bob, rights)
    response = bob.post(f"{constellation.path}/disconnect", json={"user_uuid": bob.uuid})
    assert response.get_json() == DISCONNECTED
    assert bob.get("/constellations").get_json() == []


def test_only_an_admin_removes_others(
    alice: Person,
    bob: Person,
    charlie: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
) -> None:
    constellation.let(bob, "WRITE")
    with nothing_changes():
        for target in (alice.uuid, charlie.uuid, NOBODY):
            response = bob.post(f"{constellation.path}/disconnect", json={"user_uuid": target})
            assert_refused(response, 403)
        response = charlie.post(f"{constellation.path}/disconnect", json={"user_uuid": charlie.uuid})
        assert_refused(response, 403)


def test_who_is_no_member_is_not_found(
    alice: Person, charlie: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    with nothing_changes():
        for target in (charlie.uuid, NOBODY):
            response = alice.post(f"{constellation.path}/disconnect", json={"user_uuid": target})
            assert_refused(response, 404)


@pytest.mark.both_databases
def test_the_last_admin_cant_leave(
    alice: Person, bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    leave = {"user_uuid": alice.uuid}
    with nothing_changes():
        assert_refused(alice.post(f"{constellation.path}/disconnect", json=leave), 400)
    constellation.let(bob, "")
    assert_refused(alice.post(f"{constellation.path}/disconnect", json=leave), 400)
    constellation.let(bob, "ADMIN")
    assert bob.post(f"{constellation.path}/disconnect", json=leave).get_json() == DISCONNECTED


@pytest.mark.parametrize(("options", "status"), BAD)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    with nothing_changes():
        assert_refused(alice.post(f"{constellation.path}/disconnect", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    with nothing_changes():
        assert_refused(bob.post(f"{constellation.path}/disconnect"), 400)
        for uuid in BAD_UUIDS:
            assert_refused(bob.post(f"{constellation.path}/disconnect", json={"user_uuid": uuid}), 400)


def test_absent_or_malformed(alice: Person) -> None:
    body = {"user_uuid": alice.uuid}
    assert_refused(alice.post(f"/constellations/{NOBODY}/disconnect", json=body), 404)
    assert_refused(alice.post("/constellations/x/disconnect", json=body), 400)
