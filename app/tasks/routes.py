"""`/tasks`: the API of the external task service, which the concepts' job poller calls."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe, tag
from app.apidocs.operation import json, ok
from app.apidocs.security import NO_CREDENTIALS, SERVICE
from app.auth import tokens
from app.auth.clients import identify_service
from app.auth.credentials import MissingCredentials
from app.errors import absent
from app.tasks import schemas, service
from app.web.body import parse
from app.web.fields import missing

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")
tag(
    "Tasks",
    "The built-in task service, which describes images: what an external one would offer in its place.\n\n"
    "In production it takes a service token.",
    blueprint,
)

REFUSED = (MissingCredentials.message, tokens.INVALID)


@blueprint.post("")
@describe(
    summary="Have an image described",
    needs=(SERVICE, NO_CREDENTIALS),
    body=json(
        schemas.TaskSubmission,
        example={"ad_archive_id": "ad-2026-11", "image_url": "https://images.example.org/ad.png"},
    ),
    answers={202: ok(service.SUBMITTED_TASK, "Queued")},
    errors={400: missing("image_url"), 401: REFUSED},
)
def submit() -> ResponseReturnValue:
    _require_service()
    return jsonify(service.submit(**parse(schemas.TaskSubmission()))), 202


@blueprint.get("/<task_id>")
@describe(
    summary="How far a task is",
    needs=(SERVICE, NO_CREDENTIALS),
    answers={200: ok(service.TASK)},
    errors={401: REFUSED, 404: absent("Task")},
)
def show(task_id: str) -> ResponseReturnValue:
    _require_service()
    return jsonify(service.get(task_id))


def _require_service() -> None:
    """In production only service clients may call; development, which binds loopback, needs no token."""
    if current_app.config["IS_PRODUCTION"]:
        identify_service()
