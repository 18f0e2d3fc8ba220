"""`/sse/push`, `/sse/push/batch`, `/sse/send` for back ends, `/ws` for clients and bots."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

from app import errors
from app.errors import DomainError
from app.extensions import Part
from app.gateway import access
from app.gateway.schemas import USER_ID_LENGTH, problem_of, read_message, read_messages
from app.gateway.service import Gateway
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Overloaded
from app.realtime.net.takeover import RequestSocket
from app.realtime.streams.response import refusal
from app.web.event_stream import response
from app.web.limits import is_over, limit
from app.web.websocket import Accept, Refuse, socket_route

blueprint = Blueprint("gateway", __name__)
gateway_part: Part[Gateway] = Part("gateway")
gateway = cast(Gateway, LocalProxy(lambda: gateway_part.current))

DELIVERED = {"status": "success", "message": "Message delivered"}
NOT_DELIVERED = {"status": "partial", "message": "User not connected"}
POLICY, LATER = 1008, 1013


@blueprint.post("/sse/push")
def push() -> ResponseReturnValue:
    limit("PUBLISH", access.identify_caller().key)
    return jsonify(DELIVERED if gateway.push(read_message()) else NOT_DELIVERED)


@blueprint.post("/sse/push/batch")
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
def send() -> ResponseReturnValue:
    caller = access.identify_caller()
    limit("PUBLISH", caller.key)
    try:
        return response(gateway.ask(read_message(), caller.claims, RequestSocket.of(request.environ)))
    except Overloaded as overload:
        return response(refusal(overload.reason))


@socket_route(blueprint, "/ws")
def connect() -> Accept | Refuse:
    user_id = request.args.get("user_id", "")
    if not user_id:
        return Refuse(POLICY, "user_id required")
    if len(user_id) > USER_ID_LENGTH:
        return Refuse(POLICY, f"user_id is longer than {USER_ID_LENGTH} characters")
    try:
        claims = access.identify_client(user_id, gateway.public)
    except DomainError as error:
        return Refuse(POLICY, error.message)
    except BrokerUnavailable:
        return Refuse(LATER, "Try again later")
    if is_over("STREAMS", claims.token or str(request.remote_addr)):
        return Refuse(LATER, "Too many connections, try again later")
    return Accept(user_id, claims, gateway.socket_events)


@blueprint.after_request
def tell_detail(answer: Response) -> Response:
    """This family's clients read the problem from `detail`."""
    if answer.status_code == 500:
        problem = problem_of("internal_error", (), "Internal server error", None)
        answer.data = current_app.json.dumps(errors.body("Internal server error", 500, detail=[problem]))
    return answer
