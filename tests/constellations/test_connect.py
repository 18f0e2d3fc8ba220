"""POST /constellations/{id}/connect"""

from typing import Any

import pytest

from tests.bodies import BAD_BODIES, BAD_RIGHTS, BAD_UUIDS
from tests.cast import NOBODY, Constellation, News, NothingChanges, Person, assert_refused, make_constellation

CONNECTED = {"message": "User connected to constellation"}
# Without a body the query counts: only what comes after the first two is bad here.
BAD = BAD_BODIES[2:]


def rights_of(person: Person, constellation: Constellation) -> str:
    return str(person.get(constellation.path).get_json()["rights"])


@pytest.mark.parametrize("name", ["user_uuid", "user_uuid_to_connect"])
def test_body_or_query_by_either_name(
    alice: Person, charlie: Person, constellation: Constellation, name: str
) -> None:
    named = {name: charlie.uuid, "rights": "WRITE"}
    response = alice.post(f"{constellation.path}/connect", json=named)
    assert (response.status_code, response.get_json()) == (200, CONNECTED)
    assert rights_of(charlie, constellation) == "WRITE"
    other = make_constellation(alice)
    assert alice.post(f"{other.path}/connect", query_string=named).get_json() == CONNECTED
    assert rights_of(charlie, other) == "WRITE"


def test_reads_by_default_and_says_who_came(
    alice: Person, charlie: Person, constellation: Constellation, news: News
) -> None:
    alice.post(f"{constellation.path}/connect", json={"user_uuid": charlie.uuid.upper()})
    assert rights_of(charlie, constellation) == "READ"
    assert news.only == (
        "member.connected",
        {"user_uuid": charlie.uuid, "name": "Charlie", "rights": "READ"},
    )


@pytest.mark.both_databases
@pytest.mark.parametrize("rights", ["READ", "comment", "Write", "aDmIn"])
def test_rights_in_any_case_change_a_members(
    alice: Person, bob: Person, constellation: Constellation, news: News, rights: str
) -> None:
    alice.post(f"{constellation.path}/connect", json={"user_uuid": bob.uuid, "rights": rights})
    assert rights_of(bob, constellation) == rights.upper()
    assert news.only == (
        "member.changed",
        {"user_uuid": bob.uuid, "name": "Bob", "rights": rights.upper()},
    )


def test_lowering_keeps_the_streams(
    alice: Person, bob: Person, constellation: Constellation, news: News
) -> None:
    constellation.let(bob, "ADMIN")
    alice.post(f"{constellation.path}/connect", json={"user_uuid": bob.uuid, "rights": "READ"})
    assert news.order == ["member.changed"]


def test_the_body_wins(alice: Person, bob: Person, charlie: Person, constellation: Constellation) -> None:
    query = {"user_uuid": bob.uuid, "rights": "ADMIN"}
    body = {"user_uuid_to_connect": charlie.uuid}
    alice.post(f"{constellation.path}/connect", query_string=query, json=body)
    assert rights_of(charlie, constellation) == "ADMIN"
    assert rights_of(bob, constellation) == "READ"


def test_the_last_admin_cant_be_lowered(
    alice: Person, bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    lower = {"user_uuid": alice.uuid, "rights": "WRITE"}
    with nothing_changes():
        assert_refused(alice.post(f"{constellation.path}/connect", json=lower), 400)
    constellation.let(bob, "ADMIN")
    assert alice.post(f"{constellation.path}/connect", json=lower).status_code == 200
    assert rights_of(alice, constellation) == "WRITE"


def test_the_last_admin_may_stay_admin(alice: Person, constellation: Constellation) -> None:
    same = {"user_uuid": alice.uuid, "rights": "ADMIN"}
    assert alice.post(f"{constellation.path}/connect", json=same).get_json() == CONNECTED


@pytest.mark.parametrize(("options", "status"), BAD)
def test_refuses_bad_bodies(
    alice: Person,
    constellation: Constellation,
    nothing_changes: NothingChanges,
    options: dict[str, Any],
    status: int,
) -> None:
    with nothing_changes():
        assert_refused(alice.post(f"{constellation.path}/connect", **options), status)


@pytest.mark.both_databases
def test_refuses_bad_values(
    alice: Person, bob: Person, constellation: Constellation, nothing_changes: NothingChanges
) -> None:
    path = f"{constellation.path}/connect"
    with nothing_changes():
        assert_refused(alice.post(path), 400)
        for uuid in BAD_UUIDS:
            assert_refused(alice.post(path, json={"user_uuid": uuid}), 400)
        for rights in BAD_RIGHTS:
            assert_refused(alice.post(path, json={"user_uuid": bob.uuid, "rights": rights}), 400)
        assert_refused(alice.post(f"{path}?user_uuid=%00"), 400)
        assert_refused(alice.post(f"{path}?user_uuid={bob.uuid}&rights=owner"), 400)


def test_unknown_user(alice: Person, constellation: Constellation, nothing_changes: NothingChanges) -> None:
    with nothing_changes():
        assert_refused(alice.post(f"{constellation.path}/connect", json={"user_uuid": NOBODY}), 404)


def test_needs_admin_before_the_body_counts(
    bob: Person, charlie: Person, constellation: Constellation
) -> None:
    constellation.let(bob, "WRITE")
    for person in (bob, charlie):
        assert_refused(person.post(f"{constellation.path}/connect", json={"user_uuid": "x"}), 403)
    assert_refused(bob.post(f"/constellations/{NOBODY}/connect"), 404)
    assert_refused(bob.post("/constellations/x/connect"), 400)
