"""Submitting tasks and asking after them. The runner of whichever worker is free does them."""

from typing import Any

import orjson
from flask import current_app

from app.errors import Invalid, NotFound
from app.extensions import db
from app.tasks import queue
from app.tasks.failures import TaskFailure
from app.tasks.images import check_url
from app.tasks.models import COMPLETED, PENDING, Task
from app.tasks.runner import runner_part
from app.web.identifiers import is_uuid


def submit(ad_archive_id: str, image_url: str) -> dict[str, Any]:
    """A new task, `{task_id, status}`; raises Invalid for a URL that will never be fetched, Unavailable."""
    config, runner = current_app.config, runner_part.current
    try:
        check_url(image_url, runner.allows)
    except TaskFailure as failure:
        raise Invalid(f"image_url: {failure}") from failure
    uuid = queue.add(ad_archive_id, image_url, config["TASK_DEADLINE_SECONDS"], config["TASK_QUEUE"])
    runner.wake()
    return {"task_id": uuid, "status": PENDING}


def get(task_id: str) -> dict[str, Any]:
    """`{task_id, status, result?: {concept_json}, error?}`; raises NotFound, also for what is no id."""
    task = db.session.get(Task, task_id.lower()) if is_uuid(task_id) else None
    if task is None:
        raise NotFound("Task not found")
    shown: dict[str, Any] = {"task_id": task.uuid, "status": task.status}
    if task.status == COMPLETED:
        shown["result"] = {"concept_json": orjson.loads(task.concept or "{}")}
    if task.error is not None:
        shown["error"] = task.error
    return shown
