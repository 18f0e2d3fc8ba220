"""GET /tasks/{task_id}."""

import pytest
from flask import Flask
from sqlalchemy import inspect

from app.db.session import transaction
from app.extensions import db
from app.tasks import service
from app.tasks.models import Task
from tests.cast import MALFORMED, NOBODY, Person, assert_refused


def keep(app: Flask, **values: object) -> str:
    """The id of a task that no runner takes."""
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


def test_the_image_is_left_where_it_is(app: Flask) -> None:
    task_id = keep(app)
    with app.app_context():
        service.get(task_id)
        assert "image_url" in inspect(db.session.get_one(Task, task_id)).unloaded


@pytest.mark.parametrize("task_id", [NOBODY, *MALFORMED])
def test_absent(nobody: Person, task_id: str) -> None:
    assert_refused(nobody.get(f"/tasks/{task_id}"), 404)
