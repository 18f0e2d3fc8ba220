"""`GET /sse`: the stream of a recipient."""

from typing import cast

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from app.apidocs.channel import Channel
from app.apidocs.describe import describe
from app.apidocs.json_schema import text
from app.apidocs.operation import query
from app.apidocs.operation import stream as event_stream_of
from app.apidocs.security import NO_CREDENTIALS, SUBSCRIBER, TICKET, TOKEN
from app.auth import subscribers, tokens
from app.auth.credentials import MissingCredentials
from app.auth.subscribers import Subscription, identify_subscriber
from app.errors import Invalid, Unauthorized
from app.extensions import engine
from app.notifications import live, recipients
from app.notifications.parsing import check_name, refused
from app.notifications.shapes import DORA, MESSAGE_ID, PAYLOAD
from app.web.event_stream import event_stream, open_stream
from app.web.fields import CONTROL_CHARACTERS

blueprint = Blueprint("inbox", __name__)

NEEDS = (SUBSCRIBER, TICKET, TOKEN, NO_CREDENTIALS)
BY_NAME = query("user_id", text(DORA), "Only where the gateway is open")
EXAMPLE = (
    f'retry: 2576\n: welcome\n\nid: {MESSAGE_ID}\ndata: {{"id":"{MESSAGE_ID}",'
    f'"payload":"{PAYLOAD}","read":false}}\n\n'
)


@blueprint.get("/sse")
@describe(
    summary="A user's messages, live",
    description="Every unacknowledged message, oldest first, then what comes; the same at every"
    " reconnect. Where the gateway is open (`GATEWAY_AUTH`), `user_id` is enough. Bad"
    " credentials are 400 here.",
    needs=NEEDS,
    parameters=(BY_NAME,),
    answers={200: event_stream_of("The stream", EXAMPLE)},
    errors={400: refused("user_id", CONTROL_CHARACTERS, MissingCredentials.message, tokens.INVALID)},
    unauthorized=400,
    channel=Channel(
        title="A recipient's inbox",
        description="A message is delivered at least once until it is acknowledged. Every connect begins with"
        " all that is not; a cursor skips nothing, and there is no verdict.",
        query=(BY_NAME,),
        sent=live.MESSAGES,
    ),
)
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
