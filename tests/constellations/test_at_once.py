"""Two people who change the same things at the same moment: both get an answer, and the rules hold."""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from threading import Thread

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.constellations.models import Membership
from app.constellations.rights import Rights
from app.extensions import db
from tests.cast import Constellation, News, Person, make_constellation, make_person, stored

pytestmark = [pytest.mark.both_databases, pytest.mark.pooled]
ROUNDS = 5

Call = Callable[[], TestResponse]


def at_once(*calls: Call) -> Counter[int]:
    """How often each status was answered."""
    statuses: Counter[int] = Counter()

    def note(call: Call) -> None:
        statuses[call().status_code] += 1

    threads = [Thread(target=note, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert statuses.total() == len(calls)
    return statuses


def assert_only(statuses: Iterable[int], allowed: set[int]) -> None:
    assert set(statuses) <= allowed, statuses


def count_admins(app: Flask, constellation: Constellation) -> int:
    with app.app_context():
        query = select(func.count()).select_from(Membership)
        return (
            db.session.scalar(query.filter_by(constellation_uuid=constellation.uuid, rights=Rights.ADMIN))
            or 0
        )


def test_two_admins_leave(app: Flask, alice: Person, bob: Person, news: News) -> None:
    for _ in range(ROUNDS):
        place = make_constellation(alice)
        place.let(bob, "ADMIN")
        path = f"{place.path}/disconnect"
        statuses = at_once(
            partial(alice.post, path, json={"user_uuid": alice.uuid}),
            partial(bob.post, path, json={"user_uuid": bob.uuid}),
        )
        assert statuses == {200: 1, 400: 1}
        assert count_admins(app, place) == 1


def test_two_admins_lower_each_other(app: Flask, alice: Person, bob: Person, news: News) -> None:
    for _ in range(ROUNDS):
        place = make_constellation(alice)
        place.let(bob, "ADMIN")
        path = f"{place.path}/connect"
        statuses = at_once(
            partial(alice.post, path, json={"user_uuid": bob.uuid}),
            partial(bob.post, path, json={"user_uuid": alice.uuid}),
        )
        assert statuses == {200: 1, 403: 1}
        assert count_admins(app, place) == 1


def test_the_same_user_is_connected_twice(alice: Person, bob: Person, news: News) -> None:
    for _ in range(ROUNDS):
        place = make_constellation(alice)
        connect = {"user_uuid": bob.uuid}
        call = partial(alice.post, f"{place.path}/connect", json=connect)
        news.clear()
        assert at_once(call, call) == {200: 2}
        assert sorted(news.order) == ["member.changed", "member.connected"]


def test_two_folders_move_into_each_other(alice: Person, constellation: Constellation) -> None:
    for _ in range(ROUNDS):
        left, right = constellation.folder("left"), constellation.folder("right")
        statuses = at_once(
            partial(alice.patch, f"/folders/{left}", json={"parent_folder_uuid": right}),
            partial(alice.patch, f"/folders/{right}", json={"parent_folder_uuid": left}),
        )
        assert statuses == {200: 1, 400: 1}
        shown = alice.get(f"/structure/{constellation.uuid}").text
        assert left in shown
        assert right in shown


def test_everything_below_is_deleted_twice(app: Flask, alice: Person, constellation: Constellation) -> None:
    for _ in range(ROUNDS):
        before = stored(app)
        folder = constellation.folder()
        file = constellation.file(folder=folder)
        comment = f"/files/{file}/comments/{constellation.comment(file)}"
        for path in (comment, f"/files/{file}", f"/folders/{folder}"):
            call = partial(alice.delete, path)
            assert at_once(call, call) == {200: 1, 404: 1}
        assert stored(app) == before


def test_the_constellation_goes_while_others_write(
    app: Flask, alice: Person, bob: Person, charlie: Person, news: News
) -> None:
    for _ in range(ROUNDS):
        before = stored(app)
        place = make_constellation(alice)
        place.let(bob, "ADMIN")
        folder, file = place.folder(), place.file()
        comments = f"/files/{file}/comments"
        statuses = at_once(
            partial(bob.post, "/folders", json={"name": "x", "parent_folder_uuid": folder}),
            partial(bob.post, "/files", json={"name": "x", "content": "", "folder_uuid": folder}),
            partial(alice.delete, place.path),
            partial(bob.patch, f"/files/{file}", json={"folder_uuid": folder}),
            partial(bob.post, comments, json={"content": "x"}),
            partial(alice.post, f"{place.path}/connect", json={"user_uuid": charlie.uuid}),
            partial(bob.post, f"{place.path}/disconnect", json={"user_uuid": bob.uuid}),
            partial(bob.get, f"/structure/{place.uuid}"),
            partial(bob.delete, place.path),
        )
        assert_only(statuses, {200, 201, 403, 404})
        assert stored(app) == before


def test_a_folder_goes_while_others_fill_it(app: Flask, alice: Person, constellation: Constellation) -> None:
    for _ in range(ROUNDS):
        doomed, other, file = constellation.folder(), constellation.folder(), constellation.file()
        statuses = at_once(
            partial(alice.post, "/folders", json={"name": "x", "parent_folder_uuid": doomed}),
            partial(alice.post, "/files", json={"name": "x", "content": "", "folder_uuid": doomed}),
            partial(alice.delete, f"/folders/{doomed}"),
            partial(alice.patch, f"/folders/{other}", json={"parent_folder_uuid": doomed}),
            partial(alice.patch, f"/files/{file}", json={"folder_uuid": doomed}),
            partial(alice.get, f"/folders/{doomed}/files"),
        )
        assert_only(statuses, {200, 201, 404})
        assert doomed not in alice.get(f"/structure/{constellation.uuid}").text


def test_an_account_goes_while_it_is_made_admin(
    app: Flask, alice: Person, constellation: Constellation
) -> None:
    for number in range(ROUNDS):
        leaving = make_person(app, f"Leaving{number}")
        constellation.let(leaving, "COMMENT")
        file = constellation.file()
        connect = {"user_uuid": leaving.uuid, "rights": "ADMIN"}
        leave = {"user_uuid": alice.uuid}
        statuses = at_once(
            partial(leaving.post, f"/files/{file}/comments", json={"content": "x"}),
            partial(leaving.delete, "/users"),
            partial(alice.post, f"{constellation.path}/connect", json=connect),
            partial(alice.post, f"{constellation.path}/disconnect", json=leave),
            partial(leaving.post, "/constellations", json={"name": "Lyra"}),
            partial(leaving.patch, "/users", json={"name": f"Left{number}"}),
        )
        assert_only(statuses, {200, 201, 400, 401, 403, 404})
        assert count_admins(app, constellation) > 0
        constellation.let(alice, "ADMIN")


def test_many_write_the_same_file(
    alice: Person, bob: Person, constellation: Constellation, news: News
) -> None:
    constellation.let(bob, "WRITE")
    file = constellation.file()
    news.clear()
    calls = [
        partial(person.patch, f"/files/{file}", json={"content": "x" * n})
        for n in range(10)
        for person in (alice, bob)
    ]
    assert at_once(*calls) == {200: 20}
    assert len(news.events) == 20
