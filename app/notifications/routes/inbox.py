"""`GET /sse`: the stream of a recipient."""

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from app.auth import subscribers
from app.auth.credentials import MissingCredentials
from app.auth.subscribers import Subscription, identify_subscriber
from app.errors import Invalid, Unauthorized
from app.notifications.inbox import open_inbox
from app.notifications.parsing import check_name
from app.web.event_stream import event_stream

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/sse")
@event_stream
def stream() -> ResponseReturnValue:
    """A bad token is 400 here, as the clients of this family expect."""
    try:
        return open_inbox(_subscription())
    except Unauthorized as error:
        raise Invalid(error.message) from error


def _subscription() -> Subscription:
    """Whose inbox it is: by token or, where the gateway is open, by mere name."""
    try:
        return identify_subscriber(query=True)
    except MissingCredentials:
        is_open = current_app.config["GATEWAY_AUTH"] == "open"
        if not is_open or not request.args.get("user_id"):
            raise
    external_id = check_name("user_id", request.args["user_id"])
    # Limits are counted by the token's id, and here by the address.
    return Subscription(external_id, f"open:{request.remote_addr}", 0, subscribers.version_now(external_id))
