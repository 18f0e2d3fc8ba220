"""POST /api/ad-concepts/{id}/retry."""

from threading import Thread
from typing import Any

import pytest
from flask import Flask

from tests.cast import Person, assert_refused
from tests.concepts.conftest import PATH, held, jobs, wait_finished, wait_settled
from tests.support.task_service import Reply, TaskService


@pytest.mark.both_databases
def test_a_failed_one_is_begun_again(app: Flask, alice: Person, plant: Any) -> None:
    concept = plant(alice, status="failed", error="no luck", task_id="old")
    response = alice.post(f"{PATH}/{concept.id}/retry")
    shown = response.get_json()
    assert response.status_code == 202
    assert (shown["id"], shown["status"], shown["attempts"]) == (concept.id, "pending", 2)
    assert "error" not in shown
    found = wait_finished(alice, concept.id)
    assert (found["status"], found["attempts"], found["task_id"]) == ("completed", 2, "t0")
    wait_settled(app)


@pytest.mark.parametrize("status", ["pending", "processing", "completed"])
def test_only_a_failed_one(alice: Person, plant: Any, service: TaskService, status: str) -> None:
    concept = plant(alice, status=status)
    assert_refused(alice.post(f"{PATH}/{concept.id}/retry"), 409)
    assert not jobs(alice.app) and not service.calls


def test_it_does_not_wait_for_the_service(alice: Person, plant: Any, service: TaskService) -> None:
    service.then("POST", Reply(500, {}), Reply(503, {}), Reply(429, {}))
    concept = plant(alice, status="failed")
    assert alice.post(f"{PATH}/{concept.id}/retry").status_code == 202
    assert wait_finished(alice, concept.id)["status"] == "completed"
    assert len(service.submitted()) == 4


@pytest.mark.both_databases
def test_two_at_once_are_one_retry(alice: Person, plant: Any, service: TaskService) -> None:
    concept = plant(alice, status="failed")
    statuses: list[int] = []

    def retry() -> None:
        statuses.append(alice.post(f"{PATH}/{concept.id}/retry").status_code)

    threads = [Thread(target=retry) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202] + [409] * 4
    assert wait_finished(alice, concept.id)["attempts"] == 2
    assert len(service.submitted()) == 1


def test_what_an_old_attempt_left_does_not_disturb(alice: Person, plant: Any) -> None:
    """Its worker died after it had failed, and before anybody was told."""
    concept = plant(alice, status="failed", job=held())
    assert alice.post(f"{PATH}/{concept.id}/retry").status_code == 202
    assert wait_finished(alice, concept.id)["status"] == "completed"
