"""`/sse/push`, `/sse/push/batch`, `/sse/send` for back ends, `/ws` for clients and bots."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from app import errors
from app.apidocs.channel import CLOSED, Channel, ChannelMessage
from app.apidocs.describe import describe
from app.apidocs.errors import refusal as refusal_of
from app.apidocs.json_schema import Object, array, exactly, one_of, text, truth, whole
from app.apidocs.operation import ApiResponse, Parameter, json, ok, stream
from app.apidocs.security import ACCOUNT, BOT, NO_CREDENTIALS, SERVICE, SUBSCRIBER, TICKET, TOKEN
from app.auth.principal import FOREIGN_ORIGIN
from app.errors import DomainError
from app.extensions import Part
from app.gateway import access, codec
from app.gateway.codec import CORRELATION_ID, DORA, NOT_CONNECTED
from app.gateway.problems import DEFECT, ERRORS
from app.gateway.request_reply import IN_FLIGHT
from app.gateway.schemas import ENVELOPE, USER_ID, USER_ID_LENGTH, read_message, read_messages
from app.gateway.service import Gateway
from app.gateway.websocket import AWAY, TAKEN
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Overloaded
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.registry import SHUTDOWN
from app.realtime.streams.response import refusal
from app.web.event_stream import response
from app.web.limits import is_over, limit
from app.web.websocket import (
    BAD_KEY,
    HAS_BODY,
    Accept,
    NotOffered,
    Refuse,
    UpgradeRequired,
    socket_route,
)

blueprint = Blueprint("gateway", __name__)
gateway_part: Part[Gateway] = Part("gateway")
gateway = cast(Gateway, LocalProxy(lambda: gateway_part.current))

DELIVERED = {"status": "success", "message": "Message delivered"}
NOT_DELIVERED = {"status": "partial", "message": NOT_CONNECTED}
PUSHED = Object("Pushed", {key: one_of(DELIVERED[key], NOT_DELIVERED[key]) for key in DELIVERED})
RESULT = Object("PushResult", {"index": whole(0), "user_id": text(DORA), "success": truth()})
EXAMPLE = {"user_id": DORA, "data": {"message": "Your build is green"}}
ANSWERS = f"""retry: 2576
: welcome

data: {{"correlation_id":"{CORRELATION_ID}","message":"Still running","is_final":false}}

data: {{"correlation_id":"{CORRELATION_ID}","message":"Green","is_final":true}}

"""
POLICY, LATER = 1008, 1013
NO_USER_ID = "user_id required"
CLOSE_CODES = f"""One connection per user over the whole cluster. The hub closes with

| code | reason |
|---|---|
| 1001 | {SHUTDOWN.reason} |
| 1008 | {NO_USER_ID}; {TAKEN.reason}; bad credentials |
| 1009 | a frame over `MAX_FRAME_BYTES` |
| 1011 | Internal server error |
| 1013 | try again later: too many connections, the broker is away |
"""


@blueprint.post("/sse/push")
@describe(
    summary="Send a message to whoever is connected",
    description="Delivered means: written to the target's socket.",
    needs=(SERVICE, NO_CREDENTIALS),
    body=json(ENVELOPE, example=EXAMPLE),
    answers={200: ok(PUSHED, examples={"delivered": DELIVERED, "absent": NOT_DELIVERED})},
    errors=ERRORS,
    is_limited=True,
)
def push() -> ResponseReturnValue:
    limit("PUBLISH", access.identify_caller().key)
    return jsonify(DELIVERED if gateway.push(read_message()) else NOT_DELIVERED)


@blueprint.post("/sse/push/batch")
@describe(
    summary="Send many messages",
    description="Those for one target arrive in this order. One that is invalid refuses all.",
    needs=(SERVICE, NO_CREDENTIALS),
    body=json(array(ENVELOPE), example=[EXAMPLE, {"user_id": "emil", "data": {"text": "hello @ci_bot"}}]),
    answers={200: ok(Object("PushResults", {"results": array(RESULT, "By index")}))},
    errors=ERRORS,
    is_limited=True,
)
def push_batch() -> ResponseReturnValue:
    limit("PUBLISH", access.identify_caller().key)
    messages = read_messages()
    verdicts = gateway.push_all(messages)
    results = [
        {"index": index, "user_id": message.user_id, "success": verdict}
        for index, (message, verdict) in enumerate(zip(messages, verdicts, strict=True))
    ]
    return jsonify(results=results)


@blueprint.post("/sse/send")
@describe(
    summary="Ask somebody, and read the answers as they come",
    description="Ends after a frame with `is_final: true` or of `type: final_response`, after"
    " `REPLY_TIMEOUT_SECONDS` without a frame, and when the target leaves.",
    needs=(SERVICE, NO_CREDENTIALS),
    body=json(ENVELOPE, example={"user_id": "ci_bot", "data": {"message": "How is the build?"}}),
    answers={200: stream("The answers, each an unnamed event", ANSWERS)},
    errors=ERRORS | {409: IN_FLIGHT},
    is_limited=True,
    channel=Channel(
        title="A question and its answers",
        description="The answers are unnamed events without ids, and can't be resumed.",
        sent=(codec.REPLY, codec.FAILURE, CLOSED),
        received=(ChannelMessage(name="question", summary="The body of the request", payload=ENVELOPE),),
    ),
)
def send() -> ResponseReturnValue:
    caller = access.identify_caller()
    limit("PUBLISH", caller.key)
    try:
        return response(gateway.ask(read_message(), caller.claims, RequestSocket.of(request.environ)))
    except Overloaded as overload:
        return response(refusal(overload.reason))


@socket_route(blueprint, "/ws")
@describe(
    summary="Connect as a user, by WebSocket",
    description="One connection per user over the whole cluster. What is refused after the handshake is"
    " closed with a code and a reason: 1008 for credentials, a missing `user_id` and a name that is"
    " connected already.",
    needs=(SUBSCRIBER, ACCOUNT, BOT, TICKET, TOKEN, NO_CREDENTIALS),
    parameters=(Parameter(name="user_id", schema=USER_ID),),
    answers={101: ApiResponse(description="A WebSocket from here on")},
    errors={
        400: (BAD_KEY, HAS_BODY),
        403: FOREIGN_ORIGIN,
        426: refusal_of(
            UpgradeRequired.status,
            UpgradeRequired.message,
            headers={name: exactly(value) for name, value in UpgradeRequired.headers.items()},
        ),
        501: NotOffered.message,
    },
    channel=Channel(
        title="A client's or a bot's connection",
        description=CLOSE_CODES,
        query=(Parameter(name="user_id", schema=USER_ID, is_required=True),),
        sent=(codec.REQUEST, codec.REFUSAL),
        received=(codec.ANSWER,),
    ),
)
def connect() -> Accept | Refuse:
    user_id = request.args.get("user_id", "")
    if not user_id:
        return Refuse(POLICY, NO_USER_ID)
    if len(user_id) > USER_ID_LENGTH:
        return Refuse(POLICY, f"user_id is longer than {USER_ID_LENGTH} characters")
    try:
        claims = access.identify_client(user_id, gateway.public)
    except DomainError as error:
        return Refuse(POLICY, error.message)
    except BrokerUnavailable:
        return AWAY
    if is_over("STREAMS", claims.token or str(request.remote_addr)):
        return Refuse(LATER, "Too many connections, try again later")
    return Accept(user_id, claims, gateway.socket_events)


@blueprint.after_request
def tell_detail(answer: Response) -> Response:
    """This family's clients read the problem from `detail`."""
    if answer.status_code == 500:
        answer.data = current_app.json.dumps(errors.body(DomainError.message, 500, detail=[DEFECT]))
    return answer
