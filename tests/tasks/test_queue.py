"""Taking tasks: one worker has one, for a lease; what it says counts only while it holds it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.db.clock import unix_now
from app.db.session import transaction
from app.extensions import db
from app.tasks import queue
from app.tasks.models import Task
from app.tasks.queue import Taken, Taking

pytestmark = pytest.mark.both_databases
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def add(deadline_seconds: float = 600) -> str:
    return queue.add("1", "data:,x", deadline_seconds, 100)


def take(owner: str = "a", most: int = 10, lease_seconds: float = 30) -> list[Taken]:
    return queue.take(owner, most, lease_seconds)


def let_lapse(uuid: str) -> None:
    """As if the lease had ended, or the time to wait were over."""
    with transaction() as session:
        session.execute(update(Task).where(Task.uuid == uuid).values(due_at=unix_now() - 1))


def row(uuid: str) -> Task:
    db.session.rollback()
    return db.session.get_one(Task, uuid, populate_existing=True)


def test_the_clock() -> None:
    assert abs((db.session.scalar(select(unix_now())) or 0) - time.time()) < 5


def test_taken_once() -> None:
    uuid = add(deadline_seconds=50)
    assert queue.has_due()
    (taken,) = take()
    assert taken.taking == Taking(uuid, "a", 1)
    assert (taken.ad_archive_id, taken.image_url) == ("1", "data:,x")
    assert 40 < taken.seconds_left <= 50
    assert take("b") == [] and not queue.has_due()
    assert (row(uuid).status, row(uuid).owner, row(uuid).attempts) == ("processing", "a", 1)


def test_oldest_first_and_so_many() -> None:
    uuids = [add() for _ in range(5)]
    assert [taken.taking.uuid for taken in take(most=2)] == uuids[:2]
    assert [taken.taking.uuid for taken in take(most=9)] == uuids[2:]


def test_taken_over_when_the_lease_ended() -> None:
    uuid = add()
    (first,) = take("a")
    let_lapse(uuid)
    (second,) = take("b")
    assert second.taking == Taking(uuid, "b", 2)
    assert not queue.complete(first.taking, "{}")
    assert not queue.fail(first.taking, "No")
    assert not queue.postpone(first.taking, 0)
    queue.give_back("a")
    assert queue.renew([first.taking, second.taking], 30) == {second.taking}
    assert queue.complete(second.taking, '{"title": "B"}')
    assert (row(uuid).status, row(uuid).concept) == ("completed", '{"title": "B"}')


def test_the_same_owner_takes_over_from_itself() -> None:
    uuid = add()
    (first,) = take("a")
    let_lapse(uuid)
    (second,) = take("a")
    assert queue.renew([first.taking], 30) == set()
    assert not queue.complete(first.taking, "{}") and queue.complete(second.taking, "{}")


def test_renewed() -> None:
    uuid = add()
    (taken,) = take(lease_seconds=0)
    assert queue.renew([taken.taking], 30) == {taken.taking}
    assert take("b") == [] and queue.renew([], 30) == set()
    assert row(uuid).due_at > time.time() + 20  # type: ignore[operator]


def test_finished_is_finished() -> None:
    uuid = add()
    (taken,) = take()
    assert queue.fail(taken.taking, "x" * 10_000)
    assert not queue.fail(taken.taking, "No") and not queue.complete(taken.taking, "{}")
    done = row(uuid)
    assert (done.status, done.due_at, done.image_url, len(done.error or "")) == ("failed", None, "", 500)


def test_postponed() -> None:
    uuid = add()
    (taken,) = take()
    assert queue.postpone(taken.taking, 30) and take("b") == []
    let_lapse(uuid)
    (again,) = take("b")
    assert again.taking == Taking(uuid, "b", 2)


def test_given_back() -> None:
    uuid, other, done = add(), add(), add()
    for taken in take("a", most=3):
        if taken.taking.uuid == done:
            queue.complete(taken.taking, "{}")
        if taken.taking.uuid == other:
            let_lapse(other)
    take("b")
    queue.give_back("a")
    (again,) = take("b")
    assert again.taking == Taking(uuid, "b", 1)
    assert (row(done).status, row(done).attempts) == ("completed", 1)


def test_deleted_after_a_while() -> None:
    old, new, waiting = add(), add(), add()
    for taken in take(most=2):
        queue.complete(taken.taking, "{}")
    with transaction() as session:
        session.execute(update(Task).where(Task.uuid == old).values(finished_at=unix_now() - 100))
    assert queue.delete_finished(50) == 1
    assert set(db.session.scalars(select(Task.uuid))) == {new, waiting}


TAKE_ALL = """
import sys
from gevent import monkey
monkey.patch_all()
from app import create_app
from app.tasks import queue
from config import load
url, folder, owner = sys.argv[1:]
app = create_app(load({"APP_CONFIG": "testing", "DATABASE_URL": url, "INSTANCE_PATH": folder}))
with app.app_context():
    print("ready", flush=True)
    sys.stdin.readline()
    while queue.has_due():
        for taken in queue.take(owner, 3, 30):
            print(taken.taking.uuid, flush=True)
"""


def test_processes_at_once(database_url: str, tmp_path: Path) -> None:
    uuids = {add() for _ in range(60)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE_ALL, database_url, str(tmp_path), owner],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for owner in ("a", "b", "c")
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    printed = [process.communicate("\n", timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert sorted(uuid for taken in printed for uuid in taken) == sorted(uuids)
    assert db.session.scalar(select(func.max(Task.attempts))) == 1
