"""Submitting tasks and showing them. The runner of a worker that is free does them."""

from typing import Any

import orjson
from flask import current_app

from app.apidocs.json_schema import Object, any_object, exactly, one_of, text, uuid
from app.errors import Invalid, NotFound, absent
from app.extensions import db
from app.tasks import queue
from app.tasks.failures import TaskFailure
from app.tasks.images import check_url
from app.tasks.models import COMPLETED, FAILED, PENDING, PROCESSING, Task
from app.tasks.runner import runner_part
from app.web.fields import complaint
from app.web.identifiers import is_uuid

ID = "6f5e4d3c-2b1a-4098-8765-43210fedcba9"
SUBMITTED_TASK = Object("SubmittedTask", {"task_id": uuid(ID), "status": exactly(PENDING)})
RESULT = Object("TaskResult", {"concept_json": any_object({"title": "A red square"})})
TASK = Object(
    "Task",
    {
        "task_id": uuid(ID),
        "status": one_of(COMPLETED, PENDING, PROCESSING, FAILED),
        "result": RESULT,
        "error": text("The image can't be read"),
    },
    optional=frozenset({"result", "error"}),
)


def submit(ad_archive_id: str, image_url: str) -> dict[str, Any]:
    """A new task, `{task_id, status}`; raises Invalid for a URL that is never fetched, Unavailable."""
    config, runner = current_app.config, runner_part.current
    try:
        check_url(image_url, runner.allows)
    except TaskFailure as failure:
        raise Invalid(complaint("image_url", str(failure))) from failure
    task_id = queue.add(ad_archive_id, image_url, config["TASK_DEADLINE_SECONDS"], config["TASK_QUEUE"])
    runner.wake()
    return {"task_id": task_id, "status": PENDING}


def get(task_id: str) -> dict[str, Any]:
    """`{task_id, status, result?: {concept_json}, error?}`; raises NotFound, also for a malformed id."""
    task = db.session.get(Task, task_id.lower()) if is_uuid(task_id) else None
    if task is None:
        raise NotFound(absent("Task"))
    shown: dict[str, Any] = {"task_id": task.uuid, "status": task.status}
    if task.status == COMPLETED:
        shown["result"] = {"concept_json": orjson.loads(task.concept or "{}")}
    if task.error is not None:
        shown["error"] = task.error
    return shown
