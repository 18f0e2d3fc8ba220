"""What goes through `/ws` in both directions, and what `/sse/send` answers (wire.py, replies.py)."""

from app.apidocs.channel import CLOSED, Channel, ChannelMessage, Channels
from app.apidocs.json_schema import Object, Schema, exactly, nullable, number, one_of, text, truth
from app.apidocs.operation import Parameter
from app.apidocs.security import ACCOUNT, ANYBODY, BOT, SERVICE, SUBSCRIBER, TICKET, TOKEN
from app.gateway.openapi import DORA, MESSAGE, QUESTION, USER_ID

CORRELATION = "/correlation_id"
SENDER = Object("OriginalSender", {"user_id": text(DORA), "timestamp": nullable(number(1795258800.25))})
REQUEST = ChannelMessage(
    name="request",
    summary="The `data` of a push or of a question, with whom it is for and from",
    payload={
        "type": "object",
        "properties": {
            "user_id": text(DORA, "The envelope's"),
            "correlation_id": text(QUESTION),
            "original_sender": SENDER,
        },
        "required": ["user_id", "correlation_id", "original_sender"],
        "examples": [
            {
                "message": "How is the build?",
                "user_id": DORA,
                "correlation_id": QUESTION,
                "original_sender": {"user_id": DORA, "timestamp": 1795258800.25},
            }
        ],
    },
    correlation=CORRELATION,
)
PARTIAL = {"correlation_id": QUESTION, "message": "Still running"}
FINAL = {"correlation_id": QUESTION, "type": "final_response", "message": "Green"}
FRAME: Schema = {
    "type": "object",
    "properties": {
        "correlation_id": text(QUESTION, "Of the request that it answers"),
        "is_final": truth(description="The last one"),
        "type": text("final_response", "`final_response` is the last one too"),
    },
}
ANSWER = ChannelMessage(
    name="answer",
    summary="An answer to a request: any JSON object. One that nobody waits for is dropped",
    payload=FRAME,
    examples={"partial": PARTIAL, "final": FINAL},
    correlation=CORRELATION,
)
REFUSAL = ChannelMessage(
    name="error",
    summary="The client's frame was no JSON object",
    payload=Object(
        "FrameError",
        {
            "type": exactly("error"),
            "message": exactly("Error processing your message"),
            "timestamp": number(1795258800.25),
        },
    ),
)
ENVELOPE = ChannelMessage(name="question", summary="The body of the request", payload=MESSAGE)
REPLY = ChannelMessage(
    name="reply",
    summary="A frame that answers, as it came; the last one has `is_final: true`",
    payload={**FRAME, "required": ["correlation_id"]},
    examples={"partial": PARTIAL, "final": {**FINAL, "is_final": True}},
    correlation=CORRELATION,
)
FAILURE = ChannelMessage(
    name="failure",
    summary="There will be no answer; the stream ends",
    payload=Object(
        "NoAnswer",
        {
            "error": one_of("User not connected", "User disconnected", "Timeout waiting for response"),
            "correlation_id": text(QUESTION),
        },
    ),
    correlation=CORRELATION,
)
CODES = """One connection per user over the whole cluster. The hub closes with

| code | reason |
|---|---|
| 1001 | Server shutdown |
| 1008 | user_id required; User already connected; bad credentials |
| 1009 | a frame over `MAX_FRAME_BYTES` |
| 1011 | Internal server error |
| 1013 | try again later: too many connections, the broker is away |
"""

CHANNELS: Channels = {
    "gateway.connect": Channel(
        title="A client's or a bot's connection",
        description=CODES,
        needs=(SUBSCRIBER, ACCOUNT, BOT, TICKET, TOKEN, ANYBODY),
        query=(Parameter(name="user_id", schema=USER_ID, is_required=True),),
        sent=(REQUEST, REFUSAL),
        received=(ANSWER,),
        is_socket=True,
    ),
    "gateway.send": Channel(
        title="A question and its answers",
        description="The answers are unnamed events without ids, and can't be resumed.",
        needs=(SERVICE, ANYBODY),
        sent=(REPLY, FAILURE, CLOSED),
        received=(ENVELOPE,),
        method="POST",
    ),
}
