"""GET /tasks/{task_id}."""

import pytest
from flask import Flask

from app.database import transaction
from app.tasks.models import Task
from tests.cast import MALFORMED, NOBODY, Person, assert_refused


def keep(app: Flask, **values: object) -> str:
    """The id of a task that nobody will take."""
    with app.app_context(), transaction() as session:
        task = Task(ad_archive_id="1", image_url="", deadline_at=0, **values)
        session.add(task)
    return task.uuid


def test_pending(app: Flask, nobody: Person) -> None:
    task_id = keep(app)
    assert nobody.get(f"/tasks/{task_id}").get_json() == {"task_id": task_id, "status": "pending"}


def test_processing(app: Flask, nobody: Person) -> None:
    task_id = keep(app, status="processing")
    assert nobody.get(f"/tasks/{task_id}").get_json() == {"task_id": task_id, "status": "processing"}


def test_completed(app: Flask, nobody: Person) -> None:
    task_id = keep(app, status="completed", concept='{"title": "A"}')
    shown = nobody.get(f"/tasks/{task_id.upper()}").get_json()
    assert shown == {"task_id": task_id, "status": "completed", "result": {"concept_json": {"title": "A"}}}


def test_failed(app: Flask, nobody: Person) -> None:
    task_id = keep(app, status="failed", error="No")
    shown = nobody.get(f"/tasks/{task_id}").get_json()
    assert shown == {"task_id": task_id, "status": "failed", "error": "No"}


@pytest.mark.parametrize("task_id", [NOBODY, *MALFORMED])
def test_absent(nobody: Person, task_id: str) -> None:
    assert_refused(nobody.get(f"/tasks/{task_id}"), 404)
