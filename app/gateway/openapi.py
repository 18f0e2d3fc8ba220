"""Back ends over HTTP, clients and bots over WebSocket.

Credentials are asked for where `GATEWAY_AUTH` is `token`. A mention of a public account in the text
(`@ci_bot`) makes that account the target. What is wrong with an envelope stands in `detail`, with the place.
"""

from app.apidocs.errors import ENVELOPE, refusal
from app.apidocs.json_schema import (
    Object,
    Schema,
    array,
    either,
    exactly,
    nullable,
    number,
    one_of,
    text,
    truth,
    whole,
)
from app.apidocs.operation import ApiResponse, Operation, Operations, Parameter, json, ok, stream
from app.apidocs.security import ACCOUNT, ANYBODY, BOT, SERVICE, SUBSCRIBER, TICKET, TOKEN
from app.gateway.schemas import USER_ID_LENGTH

TITLE = "Gateway"

DORA, QUESTION = "dora", "5d0c9c1e-7f2a-4f6e-9d57-1b2c3d4e5f60"

USER_ID = text(DORA, minLength=1, maxLength=USER_ID_LENGTH)
DATA: Schema = {
    "type": "object",
    "properties": {"correlation_id": text(QUESTION, "Identifies a question over the whole cluster")},
    "examples": [{"message": "What is the state of the build?", "correlation_id": QUESTION}],
    "description": "What the target gets",
}
MESSAGE = Object(
    "Envelope",
    {
        "user_id": {**USER_ID, "description": "The target"},
        "data": DATA,
        "event_type": nullable(text("chat")),
        "event_id": nullable(text("42")),
        "timestamp": nullable(number(1795258800.25)),
    },
    optional=frozenset({"event_type", "event_id", "timestamp"}),
    description="Other keys are ignored.",
)
PROBLEM = Object(
    "Problem",
    {
        "type": text("missing"),
        "loc": array(either(text("body"), whole(0)), "Where it is"),
        "msg": text("Field required"),
        "input": {
            "description": "What was given, shortened where it is long",
            "examples": [{"user_id": DORA}],
        },
    },
)
PROBLEMS = Object("ErrorWithProblems", {**ENVELOPE, "detail": array(PROBLEM)})
MISSING = {"type": "missing", "loc": ["body", "data"], "msg": "Field required", "input": {"user_id": DORA}}
DEFECT: dict[str, object] = {
    "type": "internal_error",
    "loc": [],
    "msg": "Internal server error",
    "input": None,
}
PUSHED = Object(
    "Pushed",
    {
        "status": one_of("success", "partial"),
        "message": one_of("Message delivered", "User not connected"),
    },
)
RESULT = Object("PushResult", {"index": whole(0), "user_id": text(DORA), "success": truth()})
EXAMPLE = {"user_id": DORA, "data": {"message": "Your build is green"}}
ANSWERS = f"""retry: 2576
: welcome

data: {{"correlation_id":"{QUESTION}","message":"Still running","is_final":false}}

data: {{"correlation_id":"{QUESTION}","message":"Green","is_final":true}}

"""


def errors(**more: str) -> dict[int, str | tuple[str, ...] | ApiResponse]:
    return {
        401: ("Missing credentials", "Invalid token"),
        422: refusal(422, "Validation error", schema=PROBLEMS, detail=[MISSING]),
        500: refusal(500, "Internal server error", schema=PROBLEMS, detail=[DEFECT]),
        **{int(status.removeprefix("on_")): sentence for status, sentence in more.items()},
    }


OPERATIONS: Operations = {
    "gateway.push": Operation(
        summary="Send a message to whoever is connected",
        description="Delivered means: written to the target's socket.",
        needs=(SERVICE, ANYBODY),
        body=json(MESSAGE, example=EXAMPLE),
        answers={
            200: ok(
                PUSHED,
                examples={
                    "delivered": {"status": "success", "message": "Message delivered"},
                    "absent": {"status": "partial", "message": "User not connected"},
                },
            )
        },
        errors=errors(),
        is_limited=True,
    ),
    "gateway.push_batch": Operation(
        summary="Send many messages",
        description="Those for one target arrive in this order. One that is invalid refuses all.",
        needs=(SERVICE, ANYBODY),
        body=json(array(MESSAGE), example=[EXAMPLE, {"user_id": "emil", "data": {"text": "hello @ci_bot"}}]),
        answers={200: ok(Object("PushResults", {"results": array(RESULT, "By index")}))},
        errors=errors(),
        is_limited=True,
    ),
    "gateway.send": Operation(
        summary="Ask somebody, and read the answers as they come",
        description="Ends after a frame with `is_final: true` or of `type: final_response`, after"
        " `REPLY_TIMEOUT_SECONDS` without a frame, and when the target leaves.",
        needs=(SERVICE, ANYBODY),
        body=json(MESSAGE, example={"user_id": "ci_bot", "data": {"message": "How is the build?"}}),
        answers={200: stream("The answers, each an unnamed event", ANSWERS)},
        errors=errors(on_409="This correlation_id is in flight"),
        is_limited=True,
    ),
    "gateway.connect": Operation(
        summary="Connect as a user, by WebSocket",
        description="One connection per user over the whole cluster. What is refused after the handshake is"
        " closed with a code and a reason: 1008 for credentials, a missing `user_id` and a name that is"
        " connected already.",
        needs=(SUBSCRIBER, ACCOUNT, BOT, TICKET, TOKEN, ANYBODY),
        parameters=(Parameter(name="user_id", schema=USER_ID),),
        answers={101: ApiResponse(description="A WebSocket from here on")},
        errors={
            400: ("Sec-WebSocket-Key is missing or malformed", "A WebSocket handshake has no body"),
            403: "Origin not allowed",
            426: refusal(
                426,
                "This is a WebSocket: connect with an upgrade to version 13",
                headers={"Upgrade": exactly("websocket"), "Sec-WebSocket-Version": exactly("13")},
            ),
            501: "This server offers no WebSockets",
        },
    ),
    "gateway.connect_without_upgrade": None,
}
