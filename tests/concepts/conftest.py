"""Concepts against a task service of the test's own, with a shorter backoff than in production."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import time
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.concepts import job_poller
from app.concepts.job_steps import TaskTiming
from app.concepts.models import Concept, Job
from app.db.session import transaction
from app.extensions import db
from tests.cast import MakeApp, Person, unique
from tests.support.task_service import TaskService
from tests.support.wait import wait_until

IMAGE = "https://images.example.org/ad.png"
PATH = "/api/ad-concepts"


@pytest.fixture
def service() -> Iterator[TaskService]:
    with TaskService() as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backoff in hundredths of a second, and a look for free jobs ten times a second."""
    monkeypatch.setattr(job_poller, "LOOK_SECONDS", (0.05, 0.1))
    monkeypatch.setattr(job_poller, "RETRY_SECONDS", (0.05, 0.1))
    defaults = TaskTiming.__init__.__defaults__
    monkeypatch.setattr(TaskTiming.__init__, "__defaults__", (*defaults[:2], 0.02, 0.1))


@pytest.fixture
def app(make_app: MakeApp, service: TaskService, quick: None) -> Flask:
    return make_app(EXTERNAL_API_URL=service.url, TASK_TIMEOUT_SECONDS="2", TASK_GRACE_SECONDS="1")


def submit(person: Person, ad: str = "", image_url: str = IMAGE, **options: Any) -> Any:
    """The answer to a submission that has to succeed."""
    body = {"ad_archive_id": ad or unique("ad"), "image_url": image_url}
    response = person.post(PATH, json=body, **options)
    assert response.status_code in {200, 201}, response.text
    return response.get_json()


def show(person: Person, concept: str) -> Any:
    response = person.get(f"{PATH}/{concept}")
    assert response.status_code == 200, response.text
    return response.get_json()


def wait_finished(person: Person, concept: str, timeout: float = 10.0) -> Any:
    """The concept, once it is completed or failed."""
    return wait_until(
        lambda: (found := show(person, concept))["status"] in {"completed", "failed"} and found,
        timeout,
        lambda: f"the end of {show(person, concept)}",
    )


def wait_settled(app: Flask, timeout: float = 5.0) -> None:
    """Until no job is left."""
    wait_until(lambda: not jobs(app), timeout, lambda: f"no jobs, but {jobs(app)}")


def jobs(app: Flask) -> list[Any]:
    with app.app_context():
        return list(db.session.execute(select(Job.concept_uuid, Job.holder, Job.lease_until, Job.attempt)))


def held(seconds: float = 25) -> dict[str, Any]:
    """The values of a job that another worker holds for so long."""
    return {"holder": "another", "lease_until": time() + seconds}


@dataclass
class Planted:
    """A concept put into the database, past the API."""

    id: str
    ad: str


@pytest.fixture
def plant(app: Flask) -> Callable[..., Planted]:
    """`plant(alice, status="failed", error="…")`: without a job unless `job` has its values."""

    def make(owner: Person, job: dict[str, Any] | None = None, **values: Any) -> Planted:
        defaults = {"user_uuid": owner.uuid, "ad_archive_id": unique("ad"), "image_url": IMAGE}
        concept = Concept(**(defaults | values))
        with app.app_context():
            with transaction() as session:
                session.add(concept)
                session.flush()
                if job is not None:
                    free = {"attempt": 1, "lease_until": 0.0, "started_at": time()}
                    session.add(Job(concept_uuid=concept.uuid, **(free | job)))
            return Planted(concept.uuid, concept.ad_archive_id)

    return make
