"""`/tasks`: what the concepts' poller calls, in the shape of the external service that it stands in for."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from app.auth.clients import identify_service
from app.tasks import schemas, service
from app.web.body import parse

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


@blueprint.post("")
def submit() -> ResponseReturnValue:
    _require_service()
    return jsonify(service.submit(**parse(schemas.TaskSubmission()))), 202


@blueprint.get("/<task_id>")
def show(task_id: str) -> ResponseReturnValue:
    _require_service()
    return jsonify(service.get(task_id))


def _require_service() -> None:
    """In production whoever calls is a service client; in development, which binds loopback, anybody may."""
    if current_app.config["IS_PRODUCTION"]:
        identify_service()
