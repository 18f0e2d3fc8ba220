"""`GET /sse`: the stream of a recipient."""

from typing import cast

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from app.auth import subscribers
from app.auth.credentials import MissingCredentials
from app.auth.subscribers import Subscription, identify_subscriber
from app.errors import Invalid, Unauthorized
from app.extensions import engine
from app.notifications import live, recipients
from app.notifications.parsing import check_name
from app.web.event_stream import event_stream, open_stream

blueprint = Blueprint("inbox", __name__)


@blueprint.get("/sse")
@event_stream
def stream() -> ResponseReturnValue:
    """A bad token is 400 here, as the clients of this API expect."""
    try:
        subscription = _subscription()
        recipient_id = recipients.find_or_create(subscription)
    except Unauthorized as error:
        raise Invalid(error.message) from error
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    begin = engine.snapshot(live.snapshot(app, recipient_id))
    return open_stream(live.topic(recipient_id), subscription.claims, begin)


def _subscription() -> Subscription:
    """The recipient whose inbox is read: by token or, where the gateway is open, by `user_id` alone."""
    try:
        return identify_subscriber(query=True)
    except MissingCredentials:
        is_open = current_app.config["GATEWAY_AUTH"] == "open"
        if not is_open or not request.args.get("user_id"):
            raise
    external_id = check_name("user_id", request.args["user_id"])
    # Limits are counted per token id; without a token the address stands for it.
    return Subscription(external_id, f"open:{request.remote_addr}", 0, subscribers.version_now(external_id))
