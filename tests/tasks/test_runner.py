"""Doing tasks: a bounded number at once, with retries, until a deadline."""

import logging
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import gevent
import pytest
from flask import Flask
from gevent.event import Event
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.db.clock import unix_now
from app.db.session import transaction
from app.extensions import db
from app.tasks import queue
from app.tasks import runner as runner_module
from app.tasks.addresses import is_anything
from app.tasks.failures import TaskFailure, TryAgain
from app.tasks.models import Task
from app.tasks.runner import MOST_ATTEMPTS, Describe, Runner, RunnerSettings
from tests.cast import MakeApp
from tests.support.services import PostgresServer
from tests.support.wait import wait_until

MakeRunner = Callable[..., Runner]


@pytest.fixture
def make_runner(app: Flask) -> Iterator[MakeRunner]:
    """`make_runner(describe, workers=4, lease_seconds=30)`, stopped after the test."""
    made: list[Runner] = []

    def make(describe: Describe, **settings: Any) -> Runner:
        made.append(Runner(app, describe, is_anything, RunnerSettings(**settings)))
        return made[-1]

    yield make
    for runner in made:
        runner.stop()


def add(app: Flask, deadline_seconds: float = 600, **values: Any) -> str:
    with app.app_context():
        uuid = queue.add("1", "data:,x", deadline_seconds, 1000)
        if values:
            with transaction() as session:
                session.execute(update(Task).where(Task.uuid == uuid).values(**values))
    return uuid


def look(app: Flask, uuid: str) -> Task:
    with app.app_context():
        return db.session.get_one(Task, uuid)


def finished(app: Flask, uuid: str, timeout: float = 10) -> Task:
    wait_until(
        lambda: look(app, uuid).due_at is None, timeout, lambda: f"the end of {look(app, uuid).status}"
    )
    return look(app, uuid)


class Gate:
    """A `describe` that waits until it is opened, and counts who is inside."""

    def __init__(self) -> None:
        self.opened, self.inside, self.most, self.entered = Event(), 0, 0, 0

    def __call__(self, ad_archive_id: str, image_url: str) -> dict[str, Any]:
        self.entered += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            self.opened.wait()
            return {"title": "A"}
        finally:
            self.inside -= 1


@pytest.mark.both_databases
def test_all_are_done_and_so_many_at_once(app: Flask, make_runner: MakeRunner) -> None:
    gate, uuids = Gate(), [add(app) for _ in range(10)]
    make_runner(gate, workers=3).start()
    wait_until(lambda: gate.inside == 3)
    gate.opened.set()
    assert {finished(app, uuid).status for uuid in uuids} == {"completed"}
    assert (gate.most, gate.entered) == (3, 10)


def test_two_runners_share(app: Flask, make_runner: MakeRunner) -> None:
    gate = Gate()
    uuids = [add(app) for _ in range(4)]
    for runner in (make_runner(gate, workers=2), make_runner(gate, workers=2)):
        runner.start()
    wait_until(lambda: gate.inside == 4)
    gate.opened.set()
    assert {finished(app, uuid).attempts for uuid in uuids} == {1}


def test_woken_at_once(app: Flask, make_runner: MakeRunner) -> None:
    gate = Gate()
    runner = make_runner(gate)
    runner.start()
    gevent.sleep(0)  # it looked, and waits now
    add(app)
    runner.wake()
    wait_until(lambda: gate.inside == 1, timeout=1)


def test_found_without_being_woken(app: Flask, make_runner: MakeRunner) -> None:
    gate = Gate()
    make_runner(gate).start()
    gevent.sleep(0)
    add(app)
    wait_until(lambda: gate.inside == 1, timeout=10)


# Failing


def test_tried_again(app: Flask, make_runner: MakeRunner) -> None:
    outcomes: list[Any] = [TryAgain("Not now"), {"title": "A"}]

    def describe(ad_archive_id: str, image_url: str) -> dict[str, Any]:
        if isinstance(outcomes[0], Exception):
            raise outcomes.pop(0)
        return outcomes.pop(0)

    uuid = add(app)
    make_runner(describe).start()
    done = finished(app, uuid)
    assert (done.status, done.attempts, done.concept) == ("completed", 2, '{"title":"A"}')


def raising(error: Exception) -> Describe:
    def describe(ad_archive_id: str, image_url: str) -> dict[str, Any]:
        raise error

    return describe


def test_not_tried_for_ever(app: Flask, make_runner: MakeRunner) -> None:
    uuid = add(app, attempts=MOST_ATTEMPTS - 1)
    make_runner(raising(TryAgain("Not now"))).start()
    assert (finished(app, uuid).status, finished(app, uuid).error) == ("failed", "Not now")


def test_not_tried_again_where_it_helps_nothing(app: Flask, make_runner: MakeRunner) -> None:
    uuid = add(app)
    make_runner(raising(TaskFailure("Never"))).start()
    done = finished(app, uuid)
    assert (done.status, done.error, done.attempts) == ("failed", "Never", 1)


def test_not_tried_again_after_the_deadline(app: Flask, make_runner: MakeRunner) -> None:
    uuid = add(app, deadline_seconds=50)
    make_runner(raising(TryAgain("Later", after=60))).start()
    assert finished(app, uuid).error == "Later"


def test_a_wait_that_was_asked_for(app: Flask, make_runner: MakeRunner) -> None:
    uuid = add(app)
    make_runner(raising(TryAgain("Later", after=100))).start()
    wait_until(lambda: look(app, uuid).owner is None and look(app, uuid).attempts == 1)
    with app.app_context():
        left = db.session.scalar(db.select(Task.due_at - unix_now()))
    assert 90 < left <= 100


def test_the_deadline(app: Flask, make_runner: MakeRunner) -> None:
    uuid, overdue = add(app, deadline_seconds=0.5), add(app, deadline_seconds=-1)
    make_runner(Gate()).start()
    for task in (finished(app, uuid), finished(app, overdue)):
        assert (task.status, task.error) == ("failed", "The task was not finished before its deadline")


def test_interrupted_too_often(app: Flask, make_runner: MakeRunner) -> None:
    uuid = add(app, attempts=MOST_ATTEMPTS)
    gate = Gate()
    make_runner(gate).start()
    assert finished(app, uuid).error == "The task was interrupted 5 times"
    assert gate.entered == 0


def test_a_defect_fails_the_task_alone(
    app: Flask, make_runner: MakeRunner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    uuid = add(app)
    runner = make_runner(raising(ZeroDivisionError("secret")))
    runner.start()
    assert finished(app, uuid).error == "The task failed unexpectedly"
    assert "ZeroDivisionError" in caplog.text
    other = add(app)
    runner.wake()
    finished(app, other)


# Leases and ends


def test_a_lost_lease_ends_the_work(app: Flask, make_runner: MakeRunner) -> None:
    gate, uuid = Gate(), add(app)
    make_runner(gate, lease_seconds=0.6).start()
    wait_until(lambda: gate.inside == 1)
    with app.app_context(), transaction() as session:
        session.execute(update(Task).values(owner="somebody else", due_at=unix_now() + 100))
    wait_until(lambda: gate.inside == 0)
    assert (look(app, uuid).owner, look(app, uuid).status) == ("somebody else", "processing")


def test_a_lease_is_renewed_while_the_work_goes_on(
    app: Flask, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "LOOK_SECONDS", 60)
    gate, uuid = Gate(), add(app)
    make_runner(gate, lease_seconds=1.5).start()
    wait_until(lambda: gate.inside == 1)
    first = look(app, uuid).due_at
    wait_until(lambda: look(app, uuid).due_at > first + 1.5)  # type: ignore[operator]
    assert gate.entered == 1
    gate.opened.set()
    assert finished(app, uuid).attempts == 1


def test_a_renewal_that_failed_is_tried_again_soon(
    app: Flask, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(app)
    tries: list[float] = []

    def fail(held: set[queue.Taking], lease_seconds: float) -> set[queue.Taking]:
        tries.append(monotonic())
        raise OperationalError("", None, Exception())

    monkeypatch.setattr(queue, "renew", fail)
    monkeypatch.setattr(runner_module, "DATABASE_RETRY_SECONDS", 0.01)
    make_runner(Gate(), lease_seconds=6).start()
    wait_until(lambda: len(tries) >= 5, timeout=10)
    assert tries[4] - tries[0] < 2


@pytest.mark.both_databases
def test_stopping_gives_back(app: Flask, make_runner: MakeRunner) -> None:
    gate, uuid = Gate(), add(app)
    runner = make_runner(gate)
    runner.start()
    wait_until(lambda: gate.inside == 1)
    runner.stop()
    assert (gate.inside, look(app, uuid).owner, look(app, uuid).attempts) == (0, None, 0)
    runner.wake()  # no longer has an effect
    next_one = make_runner(gate)
    gate.opened.set()
    next_one.start()
    assert finished(app, uuid).attempts == 1


def test_what_is_taken_at_the_moment_of_stopping_is_given_back_too(
    app: Flask, make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, uuid, answered, take = Gate(), add(app), Event(), queue.take

    def answer_late(owner: str, most: int, lease_seconds: float) -> list[queue.Taken]:
        taken = take(owner, most, lease_seconds)
        answered.wait()
        return taken

    monkeypatch.setattr(queue, "take", answer_late)
    runner = make_runner(gate)
    runner.start()
    wait_until(lambda: look(app, uuid).owner is not None)
    answered.set()
    runner.stop()
    wait_until(lambda: not runner._jobs, what="its work to end")
    assert (gate.entered, look(app, uuid).owner) == (0, None)


def test_drained_with_the_worker(make_app: MakeApp) -> None:
    app = make_app()
    runner, engine = app.extensions["tasks"], app.extensions["engine"]
    engine.serve()
    assert len(runner._loops) == 2
    loops = runner._loops
    engine.drain()
    assert all(loop.dead for loop in loops)


def test_nothing_runs_before_it_is_needed(make_app: MakeApp) -> None:
    app = make_app()
    app.extensions["engine"].start()
    assert app.extensions["tasks"]._loops == []


def test_a_database_that_was_away(own_postgres: PostgresServer, make_app: MakeApp) -> None:
    app = make_app(DATABASE_URL=own_postgres.create_database(), DATABASE_POOL_SECONDS="1")
    with app.app_context():
        db.create_all()
    gate, uuid = Gate(), add(app)
    runner = Runner(app, gate, is_anything, RunnerSettings())
    runner.start()
    wait_until(lambda: gate.inside == 1)
    own_postgres.stop()
    gate.opened.set()
    wait_until(lambda: gate.inside == 0)
    own_postgres.start()
    assert finished(app, uuid, 20).attempts == 1
    runner.stop()
