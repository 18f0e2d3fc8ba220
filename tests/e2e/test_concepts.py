"""Two workers, PostgreSQL, Redis, and a task service that fails in every way: every task comes to an end."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import Any

import gevent
import psycopg2
import requests
from gevent.event import Event
from gevent.pool import Pool

from tests.support.calls import PASSWORD, new_name
from tests.support.eventsource import EventSource
from tests.support.fixtures import OpenStream, StartHub
from tests.support.hub import HubProcess
from tests.support.services import PostgresServer, RedisServer
from tests.support.task_service import Mood, Reply, TaskService
from tests.support.wait import wait_until

TASKS = 200
LEASE_SECONDS = 3
PATH = "/api/ad-concepts"
IMAGE = "https://images.example.org/ad.png"
BAD_MOOD = Mood(
    task_seconds=(0.5, 4), slow=0.05, slow_seconds=0.7, broken=0.04, busy=0.03, lost=0.01, failing=0.02
)


def log_in(hub: HubProcess) -> dict[str, str]:
    """The headers of a page that is logged in."""
    account = {"email": f"{new_name('alice')}@example.org", "password": PASSWORD}
    answer = hub.post("/api/auth/register", json=account)
    return {"Cookie": f"auth_token={answer.cookies['auth_token']}"}


class Watched:
    """A concept and a stream of it, as a page keeps it."""

    def __init__(self, hub: HubProcess, open_stream: OpenStream, headers: dict[str, str], ad: str) -> None:
        body = {"ad_archive_id": ad, "image_url": IMAGE}
        answer = self._submit(hub, body, headers)
        self.status = answer.status_code
        self.id = answer.json()["id"]
        self.source: EventSource = open_stream(
            f"{hub.url}{PATH}/{self.id}/stream", headers=headers, reconnect=True
        )

    def _submit(self, hub: HubProcess, body: dict[str, str], headers: dict[str, str]) -> requests.Response:
        """Repeats a call that got no answer because a worker was killed."""
        for _ in range(20):
            try:
                return hub.post(PATH, json=body, headers=headers)
            except requests.ConnectionError:
                gevent.sleep(0.1)
        raise AssertionError("nobody answers")

    @property
    def updates(self) -> list[dict[str, Any]]:
        return [json.loads(event.data) for event in self.source.named("concept-update")]

    @property
    def end(self) -> str:
        return str(self.updates[-1]["status"]) if self.updates else "nothing"


def test_every_task_ends_whatever_happens(
    hub: StartHub, open_stream: OpenStream, postgres_url: str, own_redis: RedisServer
) -> None:
    with TaskService(BAD_MOOD) as service:
        process = hub(
            workers=2,
            redis_url=own_redis.url,
            database_url=postgres_url,
            EXTERNAL_API_URL=service.url,
            TASK_LEASE_SECONDS=str(LEASE_SECONDS),
            TASK_GRACE_SECONDS="2",
            MAX_STREAMS="1000",
        )
        headers = log_in(process)
        submitting = Pool(16)
        all_begun = [
            submitting.spawn(Watched, process, open_stream, headers, f"ad-{n}") for n in range(TASKS)
        ]
        for share in (0.3, 0.9):
            wait_until(lambda share=share: len(service.tasks) > share * TASKS, 30, "tasks under way")
            process.kill_worker(process.worker_pids()[0])
            process.wait_ready()
        gevent.joinall(all_begun, raise_error=True, timeout=60)
        watched: list[Watched] = [one.value for one in all_begun]

        def all_over() -> bool:
            return all(one.source.is_over for one in watched)

        wait_until(all_over, 60, lambda: str(Counter(one.end for one in watched)))
        check_streams(watched)
        check_service(service)
        listed = process.get(PATH, headers=headers).json()["concepts"]
        assert len(listed) == TASKS
        assert {one["status"] for one in listed} == {"completed", "failed"}
        assert all(one["error"] for one in listed if one["status"] == "failed")
        assert Counter(one["status"] for one in listed)["completed"] > 0.8 * TASKS
        wait_until(lambda: jobs_left(postgres_url) == 0, 10, "no job to be left")


def check_streams(watched: list[Watched]) -> None:
    """A snapshot, changes in order, the end, and then 204 for a client that reconnects."""
    for one in watched:
        assert one.end in {"completed", "failed"}, str(one.source)
        assert one.source.status == 204, str(one.source)
        versions = [int(event.last_event_id) for event in one.source.named("concept-update")]
        assert versions == sorted(versions), str(one.source)
        assert {event.name for event in one.source.events} <= {"concept-update", "stream.closed"}
        assert not one.source.messages


def check_service(service: TaskService) -> None:
    """One worker polled each task, until that worker was killed and its lease had expired."""
    assert service.handed_over(), "nobody took anything over"
    for before, after in service.handed_over():
        assert after.at - before.at > LEASE_SECONDS / 2 - 0.2, (before, after)
    statuses = service.outcomes()
    assert statuses[404] and statuses[429] and statuses[500], "a mood without a trace"
    assert len({call.worker for call in service.calls}) >= 3, "those that were killed had no successor"


def jobs_left(database_url: str) -> int:
    with psycopg2.connect(database_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM concept_jobs")
        return int(cursor.fetchone()[0])


def test_nothing_is_left_of_what_ended(
    hub: StartHub, open_stream: OpenStream, own_redis: RedisServer
) -> None:
    """Closed streams, finished tasks, users who logged out: no greenlet and no lease is left of them."""
    with TaskService(Mood(task_seconds=(0.2, 0.6), failing=0.3)) as service:
        process = hub(
            redis_url=own_redis.url,
            application="tests.support.inspected:app",
            EXTERNAL_API_URL=service.url,
            TASK_CONCURRENCY="4",
        )

        def round_trip() -> None:
            headers = log_in(process)
            watched = [Watched(process, open_stream, headers, f"ad-{n}") for n in range(10)]
            for one in watched[:5]:
                one.source.wait_for_event("concept-update")
                one.source.close()
            assert process.post("/api/auth/logout", headers=headers).status_code == 200
            wait_until(lambda: all(one.source.is_over for one in watched), 15, "the end of all streams")

        def greenlets() -> int:
            return int(process.get("/inspect/greenlets").json()["greenlets"])

        def is_quiet() -> bool:
            settled = process.get("/metrics", headers={"Accept": "text/plain"}).text
            return "\nhub_tasks_held 0\n" in settled and "\nhub_streams 0\n" in settled

        round_trip()
        wait_until(is_quiet, 15, "the tasks of those who left to end")
        before = greenlets()
        for _ in range(3):
            round_trip()
        wait_until(is_quiet, 15, "the tasks of those who left to end")
        wait_until(lambda: greenlets() <= before, 10, lambda: f"{before} greenlets, not {greenlets()}")
        database = sqlite3.connect(process.directory / "hub.sqlite3")
        assert database.execute("SELECT count(*) FROM concept_jobs").fetchone() == (0,)


def test_tasks_go_on_after_the_database_was_away(
    hub: StartHub, open_stream: OpenStream, own_postgres: PostgresServer
) -> None:
    with TaskService(Mood(task_seconds=(2, 3))) as service:
        url = own_postgres.create_database()
        process = hub(
            database_url=url, EXTERNAL_API_URL=service.url, DATABASE_SECONDS="1", TASK_LEASE_SECONDS="3"
        )
        headers = log_in(process)
        watched = [Watched(process, open_stream, headers, f"ad-{n}") for n in range(10)]
        for one in watched:
            one.source.wait_for_event("concept-update")
        own_postgres.pause()
        asked = len(service.asked())
        wait_until(
            lambda: "the database did not answer the job poller" in process.log, 20, "the poller to notice"
        )
        own_postgres.resume()
        wait_until(lambda: all(one.source.is_over for one in watched), 30, "the end of all streams")
        assert {one.end for one in watched} == {"completed"}
        assert len(service.submitted()) == 10 and len(service.asked()) > asked
        wait_until(lambda: jobs_left(url) == 0, 5, "no job to be left")


def test_a_large_concept_arrives_whole(
    hub: StartHub, open_stream: OpenStream, own_redis: RedisServer
) -> None:
    text, told = "x" * 900_000, Event()
    with TaskService() as service:
        body = {"status": "completed", "result": {"text": text}}
        service.then("GET", Reply(200, body, wait_for=told))
        process = hub(redis_url=own_redis.url, EXTERNAL_API_URL=service.url)
        one = Watched(process, open_stream, log_in(process), "ad-1")
        one.source.wait_for_event("concept-update")
        told.set()
        one.source.wait_over(15)
        assert one.updates[-1]["concept_json"] == {"text": text}
        assert one.source.opened == 1
