"""The job poller against a task service, on both databases: leases, backoff, failures of every kind."""

import gc
from collections.abc import Callable
from itertools import pairwise
from time import monotonic
from typing import Any

import gevent
import greenlet
import pytest
from flask import Flask
from gevent.event import Event

from app.concepts import job_poller, leases
from app.concepts.answers import TaskAnswer
from app.concepts.job_poller import poller_part
from app.concepts.meters import task_meters_part
from app.concepts.models import Job
from app.concepts.progress import JobLost, Progress
from app.db.session import transaction
from tests.cast import MakeApp, Person
from tests.concepts.conftest import PATH, held, jobs, show, submit, wait_finished, wait_settled
from tests.support.task_service import Mood, Reply, Task, TaskService
from tests.support.wait import wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture
def another(make_app: MakeApp, service: TaskService, app: Flask) -> Callable[[], Flask]:
    """Makes another worker on the same database."""

    def make() -> Flask:
        made = make_app(EXTERNAL_API_URL=service.url, TASK_TIMEOUT_SECONDS="2")
        poller_part.of(made).start()
        return made

    return make


def plant_task(plant: Any, owner: Person, service: TaskService, **job: Any) -> str:
    """A concept whose task the service has completed, while no worker asked."""
    service.tasks["t-old"] = Task("ad-old", "", 0.0)
    return str(plant(owner, task_id="t-old", job={"submitted_at": 0.0, **job}).id)


# Who works on what


def test_a_free_job_is_claimed(app: Flask, alice: Person, plant: Any, service: TaskService) -> None:
    id = plant_task(plant, alice, service)
    poller_part.of(app).start()
    assert wait_finished(alice, id)["status"] == "completed"
    assert not service.submitted()
    wait_settled(app)


def test_a_crash_before_the_submission_is_made_good(
    app: Flask, alice: Person, plant: Any, service: TaskService
) -> None:
    id = plant(alice, job={"holder": "dead", "lease_until": 1.0}).id
    poller_part.of(app).start()
    assert wait_finished(alice, id)["task_id"] == "t0"


def test_what_another_worker_holds_is_let_be_until_its_lease_ends(
    app: Flask, alice: Person, plant: Any, service: TaskService
) -> None:
    began = monotonic()
    mine, its = plant_task(plant, alice, service), plant(alice, task_id="t-old", job=held(4)).id
    poller_part.of(app).start()
    wait_finished(alice, mine)
    assert show(alice, its)["status"] == "pending"
    wait_finished(alice, its)
    assert monotonic() - began > 3.9


def test_a_lease_from_before_the_clock_jumped_back_is_none(
    app: Flask, alice: Person, plant: Any, service: TaskService
) -> None:
    id = plant_task(plant, alice, service, **held(3600))
    poller_part.of(app).start()
    assert wait_finished(alice, id)["status"] == "completed"


def test_one_worker_asks_as_long_as_it_lives(
    app: Flask, alice: Person, service: TaskService, another: Callable[[], Flask]
) -> None:
    service.mood = Mood(task_seconds=(1, 1))
    another()
    ids = [submit(alice)["id"] for _ in range(5)]
    for id in ids:
        wait_finished(alice, id)
    assert not service.handed_over()
    assert len({call.worker for call in service.calls}) == 1


def test_claims_are_exclusive(app: Flask, alice: Person, plant: Any) -> None:
    ids = {plant(alice, job={}).id for _ in range(30)}
    claimed: list[list[str]] = []

    def claim(name: str) -> None:
        with app.app_context():
            while found := leases.claim(name, 4, 30):
                claimed.append([job.concept for job in found])

    gevent.joinall([gevent.spawn(claim, f"w{n}") for n in range(4)], raise_error=True)
    everything = [id for some in claimed for id in some]
    assert len(everything) == 30 and set(everything) == ids


def test_a_worker_that_stops_gives_back_at_once(
    app: Flask, alice: Person, service: TaskService, another: Callable[[], Flask]
) -> None:
    stuck = Event()
    service.then("GET", Reply(200, {"status": "pending"}, wait_for=stuck))
    id = submit(alice)["id"]
    wait_until(service.asked, what="a question that hangs")
    other = another()
    began = monotonic()
    app.extensions["engine"].drain()
    assert monotonic() - began < 1
    alice.app = other
    assert wait_finished(alice, id)["status"] == "completed"
    ((before, after),) = service.handed_over()
    assert after.at - before.at < 5


def test_what_a_stopping_worker_was_asked_to_wait_with_waits(
    app: Flask, alice: Person, service: TaskService, another: Callable[[], Flask]
) -> None:
    service.then("GET", Reply(429, {}, (("Retry-After", "2"),)))
    id = submit(alice)["id"]
    wait_until(lambda: task_meters_part.of(app).calls["busy"], what="a busy service")
    alice.app = another()
    poller_part.of(app).stop()
    wait_finished(alice, id)
    first, second = service.asked()[:2]
    assert second.at - first.at > 1.9 and second.worker != first.worker


def test_submissions_under_way_are_answered_when_the_worker_stops(
    app: Flask, alice: Person, service: TaskService
) -> None:
    stuck = Event()
    service.then("POST", Reply(202, {"task_id": "x"}, wait_for=stuck))
    answer = gevent.spawn(submit, alice)
    wait_until(service.submitted, what="a submission that hangs")
    poller_part.of(app).stop()
    begun = answer.get(timeout=2)
    assert (begun["status"], begun["task_id"]) == ("pending", None)
    assert [(job.holder, job.lease_until) for job in jobs(app)] == [(None, 0.0)]
    stuck.set()


def test_a_worker_that_lost_its_lease_says_nothing(app: Flask, alice: Person, service: TaskService) -> None:
    hold = Event()
    result = {"status": "completed", "result": {"concept_json": {"by": "the first"}}}
    service.then("GET", Reply(200, result, wait_for=hold))
    id = submit(alice)["id"]
    wait_until(service.asked, what="a question")
    with app.app_context(), transaction() as session:
        job = session.get(Job, id)
        job.holder, job.lease_until = held()["holder"], held()["lease_until"]
    hold.set()
    wait_until(lambda: not poller_part.of(app)._held, what="the job to be dropped")
    assert show(alice, id)["status"] == "pending"
    assert [job.holder for job in jobs(app)] == ["another"]


def test_a_result_counts_once(app: Flask, alice: Person, plant: Any) -> None:
    """Of writes that hold the same lease at once, one counts."""
    id = plant(alice, task_id="t", job={"holder": "w"}).id
    engine = app.extensions["engine"]
    engine.broker.subscribe(f"concept:{id}")
    outcomes: list[str] = []

    def finish(number: int) -> None:
        with app.app_context():
            try:
                Progress("w").finished(id, 1, TaskAnswer("completed", concept=f'{{"by":{number}}}'))
                outcomes.append("written")
            except JobLost:
                outcomes.append("lost")

    gevent.joinall([gevent.spawn(finish, n) for n in range(4)], raise_error=True)
    assert sorted(outcomes) == ["lost"] * 3 + ["written"]
    assert engine.broker.top(f"concept:{id}").offset == 1


def test_what_a_crash_left_untold_is_told(app: Flask, alice: Person, plant: Any) -> None:
    concept = plant(alice, status="completed", concept_json='{"a":1}', version=4, job={"lease_until": 1.0})
    engine = app.extensions["engine"]
    engine.broker.subscribe(f"concept:{concept.id}")
    poller_part.of(app).start()
    wait_settled(app)
    assert engine.broker.top(f"concept:{concept.id}").offset == 1
    assert show(alice, concept.id)["status"] == "completed"


def test_a_lease_that_its_holder_does_not_know_is_released(
    make_app: MakeApp, alice: Person, plant: Any, service: TaskService
) -> None:
    """A job whose insert succeeded without the worker learning of it would be renewed for ever."""
    app = alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_LEASE_SECONDS="3")
    service.mood = Mood(task_seconds=(30, 30))
    submit(alice)
    its = plant(alice, job={**held(3), "holder": poller_part.of(app).offer_lease().holder}).id
    service.mood = Mood()
    assert wait_finished(alice, its)["status"] == "completed"


def test_leases_are_renewed(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    app = alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_LEASE_SECONDS="3")
    service.mood = Mood(task_seconds=(30, 30))
    submit(alice)
    (first,) = jobs(app)
    wait_until(lambda: jobs(app)[0].lease_until > first.lease_until + 1.5, 8, "two renewals")
    assert jobs(app)[0].holder == first.holder


# How the service may behave


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"oops"),
        Reply(502, {}),
        Reply(503, {}),
        Reply(429, {}),
        Reply(408, {}),
        Reply(404, {}),
        Reply(200, b"oops"),
        Reply(200, {"status": "resting"}),
        Reply(302, {}, (("Location", "http://127.0.0.1:1/"),)),
        Reply(200, b"x" * 1_100_000),
    ],
    ids=lambda reply: f"{reply.status} {str(reply.body)[:25]}",
)
def test_what_passes(app: Flask, alice: Person, service: TaskService, reply: Reply) -> None:
    service.then("GET", reply)
    found = wait_finished(alice, submit(alice)["id"])
    assert found["status"] == "completed"
    assert len(service.asked()) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 405, 410, 422])
def test_what_does_not_pass(app: Flask, alice: Person, service: TaskService, status: int) -> None:
    service.then("GET", Reply(status, {"error": "go away"}))
    found = wait_finished(alice, submit(alice)["id"])
    assert (found["status"], found["error"]) == ("failed", "The task service refused the task: go away")
    assert len(service.asked()) == 1
    wait_settled(app)


def test_nonsense_again_and_again(alice: Person, service: TaskService) -> None:
    service.then("GET", *[Reply(200, b"oops")] * 3)
    found = wait_finished(alice, submit(alice)["id"])
    assert (found["status"], found["error"]) == ("failed", "The task service did not answer in JSON")
    assert len(service.asked()) == 3


def test_a_task_that_fails(alice: Person, service: TaskService) -> None:
    service.mood = Mood(failing=1)
    found = wait_finished(alice, submit(alice)["id"])
    assert (found["status"], found["error"]) == ("failed", "The image is damaged")


def test_retry_after_is_respected(alice: Person, service: TaskService) -> None:
    service.then("GET", Reply(429, {}, (("Retry-After", "1"),)), Reply(503, {}, (("Retry-After", "1"),)))
    wait_finished(alice, submit(alice)["id"])
    times = [call.at for call in service.asked()]
    assert all(later - earlier >= 1 for earlier, later in pairwise(times)) and len(times) == 3


def test_a_task_that_was_lost_is_submitted_once_more(alice: Person, service: TaskService) -> None:
    service.mood = Mood(lost=1)
    id = submit(alice)["id"]
    service.mood = Mood()
    found = wait_finished(alice, id)
    assert (found["status"], found["task_id"], found["attempts"]) == ("completed", "t1", 1)
    assert [call.headers["idempotency_key"] for call in service.submitted()] == [f"{id}.1.0", f"{id}.1.1"]
    first, second = service.submitted()
    assert second.at - first.at > 0.9  # an early 404 is not the end


def test_one_that_is_lost_again_has_failed(alice: Person, service: TaskService) -> None:
    service.mood = Mood(lost=1)
    found = wait_finished(alice, submit(alice)["id"])
    assert (found["status"], found["error"]) == ("failed", "The task service lost the task, twice")
    assert len(service.submitted()) == 2


def test_the_deadline(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    app = alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_DEADLINE_SECONDS="1")
    service.mood = Mood(task_seconds=(30, 30))
    found = wait_finished(alice, submit(alice)["id"])
    assert (found["status"], found["error"]) == ("failed", "Not finished within 1 seconds")
    wait_settled(app)


def test_a_service_that_is_away_for_a_while(app: Flask, alice: Person, service: TaskService) -> None:
    service.mood = Mood(task_seconds=(0.3, 0.3))
    ids = [submit(alice)["id"] for _ in range(10)]
    service.go_away()
    meters = task_meters_part.of(app)
    wait_until(lambda: meters.breaker == "open", what="the breaker to open")
    service.come_back()
    assert {wait_finished(alice, id)["status"] for id in ids} == {"completed"}
    assert meters.breaker == "closed"


def test_concurrency_is_bounded(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    app = alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_CONCURRENCY="2")
    service.mood = Mood(slow=1, slow_seconds=0.05)
    all_begun = [gevent.spawn(submit, alice) for _ in range(12)]
    meters = task_meters_part.of(app)
    wait_until(lambda: meters.waiting > 5, what="a queue")
    for begun in all_begun:
        assert wait_finished(alice, begun.get()["id"])["status"] == "completed"
    assert service.most_inside == 2
    wait_settled(app)
    wait_until(lambda: (meters.waiting, meters.held) == (0, 0), what="all jobs to be dropped")


def test_a_place_that_gets_free_is_used_at_once(
    make_app: MakeApp, alice: Person, service: TaskService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not only when the next look for free jobs is due."""
    monkeypatch.setattr(job_poller, "LOOK_SECONDS", (60, 60))
    alice.app = make_app(EXTERNAL_API_URL=service.url, TASK_CONCURRENCY="1")
    all_begun = [gevent.spawn(submit, alice) for _ in range(4)]
    for begun in all_begun:
        assert wait_finished(alice, begun.get()["id"], 5)["status"] == "completed"


# What is left


def test_it_is_measured(make_app: MakeApp, alice: Person, service: TaskService) -> None:
    app = alice.app = make_app(EXTERNAL_API_URL=service.url)
    service.then("GET", Reply(500, {}), Reply(404, {}))
    wait_finished(alice, submit(alice)["id"])
    service.then("POST", Reply(403, {}))
    assert alice.post(PATH, json={"ad_archive_id": "x", "image_url": "http://a"}).status_code == 502
    meters = task_meters_part.of(app)
    assert meters.calls == {"ok": 2, "broken": 1, "missing": 1, "refused": 1}
    assert meters.finished == {"completed": 1, "failed": 1}
    assert sum(meters.call_seconds.counts) == 5
    assert sum(meters.processing_seconds.counts) == 2


def test_calls_are_logged_without_secrets(
    alice: Person, service: TaskService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    wait_finished(alice, submit(alice, "ad-1", "data:image/png;base64,SECRETSECRET")["id"])
    records = [record for record in caplog.records if record.name == "hub.concepts"]
    assert [record.getMessage() for record in records] == ["task submit", "task ask"]
    assert [(record.outcome, record.attempt, record.task) for record in records] == [  # type: ignore[attr-defined]
        ("ok", 1, None),
        ("ok", 1, "t0"),
    ]
    written = "".join(str(vars(record)) for record in caplog.records)
    assert "SECRET" not in written and alice.token not in written


def alive(service: TaskService) -> int:
    """How many greenlets there are, but for the service's own."""
    gc.collect()
    found = sum(isinstance(one, greenlet.greenlet) and not one.dead for one in gc.get_objects())
    return found - service.connections


def test_nothing_is_left_of_tasks_that_ended(app: Flask, alice: Person, service: TaskService) -> None:
    wait_finished(alice, submit(alice)["id"])
    wait_settled(app)
    poller, before = poller_part.of(app), alive(service)
    service.mood = Mood(failing=0.5)
    for begun in [submit(alice) for _ in range(10)]:
        wait_finished(alice, begun["id"])
    wait_settled(app)
    wait_until(lambda: not len(poller._pool), what="the last step to end")
    assert (len(poller._held), len(poller._heap), len(poller._ready), len(poller._new)) == (
        0,
        0,
        0,
        0,
    )
    wait_until(lambda: alive(service) <= before, what=lambda: f"{before} greenlets, not {alive(service)}")
