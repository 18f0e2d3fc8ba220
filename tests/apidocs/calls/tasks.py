"""The built-in task service: {task} is done, {failure} failed."""

from time import time

from flask import Flask

from app.db.session import transaction
from app.tasks.models import COMPLETED, FAILED, Task
from tests.apidocs.calls import Call
from tests.cast import NOBODY

# One pixel in a data: URL, so that the task needs no network.
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def prepare(app: Flask, names: dict[str, str]) -> dict[str, str]:
    common = {"ad_archive_id": "ad", "image_url": "", "deadline_at": time(), "finished_at": time()}
    done = Task(**common, status=COMPLETED, concept='{"title": "A red square"}')
    failed = Task(**common, status=FAILED, error="The image can't be read")
    with app.app_context(), transaction() as session:
        session.add_all([done, failed])
        session.flush()
        return {"task": done.uuid, "failure": failed.uuid}


CALLS = [
    Call("POST /tasks", 202, {"ad_archive_id": "ad", "image_url": PIXEL}, "nobody"),
    Call("POST /tasks", 400, {"ad_archive_id": "ad", "image_url": "ftp://images.example.org"}, "nobody"),
    Call("GET /tasks/{task}", 200, who="nobody"),
    Call("GET /tasks/{failure}", 200, who="nobody"),
    Call(f"GET /tasks/{NOBODY}", 404, who="nobody"),
]
