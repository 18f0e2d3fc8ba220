"""`/api/…` of the notification hub."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from app.auth import clients
from app.notifications import schemas
from app.notifications.bodies import parse
from app.ops.limits import forgive, limit

blueprint = Blueprint("notifications", __name__, url_prefix="/api")


@blueprint.post("/auth/token")
def create_token() -> ResponseReturnValue:
    """Only attempts that fail count towards the limit."""
    form = parse(schemas.Credentials())
    key = f"{request.remote_addr} {form['client_id']}"
    limit("CREDENTIALS", key)
    token = clients.issue_token(form["client_id"], form["client_secret"])
    forgive("CREDENTIALS", key)
    return jsonify(access_token=token, type="Bearer", expires_in=clients.TOKEN_SECONDS)
