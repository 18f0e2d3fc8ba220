"""Frames and events of the gateway as bytes, each beside its description. Pure.

Server → client: the `data` of a request, plus `user_id`, `correlation_id` and `original_sender`.
Client → server: a JSON object; its `correlation_id` names the request that it answers.
"""

from time import time
from typing import Any, NamedTuple

import orjson

from app.apidocs.channel import ChannelMessage
from app.apidocs.json_schema import Object, Schema, exactly, nullable, number, one_of, text, truth
from app.realtime.streams import sse

FINAL_TYPE = "final_response"
NOT_CONNECTED, GONE, TIMEOUT = "User not connected", "User disconnected", "Timeout waiting for response"
NO_OBJECT = "Error processing your message"

# In the examples of the descriptions
DORA, CORRELATION_ID = "dora", "5d0c9c1e-7f2a-4f6e-9d57-1b2c3d4e5f60"
NOW = 1795258800.25
CORRELATION = "/correlation_id"  # where the id stands in a payload

REQUEST = ChannelMessage(
    name="request",
    summary="The `data` of a push or of a question, with whom it is for and from",
    payload={
        "type": "object",
        "properties": {
            "user_id": text(DORA, "The envelope's"),
            "correlation_id": text(CORRELATION_ID),
            "original_sender": Object(
                "OriginalSender", {"user_id": text(DORA), "timestamp": nullable(number(NOW))}
            ),
        },
        "required": ["user_id", "correlation_id", "original_sender"],
        "examples": [
            {
                "message": "How is the build?",
                "user_id": DORA,
                "correlation_id": CORRELATION_ID,
                "original_sender": {"user_id": DORA, "timestamp": NOW},
            }
        ],
    },
    correlation=CORRELATION,
)


def frame(data: dict[str, Any], user_id: str, correlation_id: str, timestamp: float | None) -> bytes:
    """The frame for a client. Raises orjson.JSONEncodeError where `data` is nested deeper than 254 levels."""
    sent_at = data.get("timestamp")
    sender = {"user_id": user_id, "timestamp": timestamp if sent_at is None else sent_at}
    added = {"user_id": user_id, "correlation_id": correlation_id, "original_sender": sender}
    return orjson.dumps({**data, **added})


REFUSAL = ChannelMessage(
    name="error",
    summary="The client's frame was no JSON object",
    payload=Object(
        "FrameError",
        {"type": exactly("error"), "message": exactly(NO_OBJECT), "timestamp": number(NOW)},
    ),
)


def error_frame() -> bytes:
    """For a client whose frame was no JSON object; `timestamp` in Unix seconds."""
    return orjson.dumps({"type": "error", "message": NO_OBJECT, "timestamp": round(time(), 3)})


FRAME: Schema = {
    "type": "object",
    "properties": {
        "correlation_id": text(CORRELATION_ID, "Of the request that it answers"),
        "is_final": truth(description="The last one"),
        "type": text(FINAL_TYPE, f"`{FINAL_TYPE}` is the last one too"),
    },
}
PARTIAL = {"correlation_id": CORRELATION_ID, "message": "Still running"}
FINAL = {"correlation_id": CORRELATION_ID, "type": FINAL_TYPE, "message": "Green"}
ANSWER = ChannelMessage(
    name="answer",
    summary="An answer to a request: any JSON object. One that nobody waits for is dropped",
    payload=FRAME,
    examples={"partial": PARTIAL, "final": FINAL},
    correlation=CORRELATION,
)
REPLY = ChannelMessage(
    name="reply",
    summary="A frame that answers, as it came; the last one has `is_final: true`",
    payload={**FRAME, "required": ["correlation_id"]},
    examples={"partial": PARTIAL, "final": {**FINAL, "is_final": True}},
    correlation=CORRELATION,
)


class AnswerFrame(NamedTuple):
    """A client's frame: the request that it answers (None: no request), its text, and whether it is final."""

    correlation_id: str | None
    text: bytes
    is_final: bool


def read_answer(message: bytes) -> AnswerFrame:
    """The frame, verbatim but for `is_final`, which is added where its type says so. Raises ValueError for
    anything but a JSON object (RFC 8259: UTF-8, no NaN)."""
    value = orjson.loads(message)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    correlation_id = value.get("correlation_id")
    if not isinstance(correlation_id, str):
        return AnswerFrame(None, message, False)
    is_final = value.get("is_final") is True
    if value.get("type") == FINAL_TYPE and not is_final:
        return AnswerFrame(correlation_id, _marked_final(value, message), True)
    return AnswerFrame(correlation_id, message, is_final)


def _marked_final(value: dict[str, Any], message: bytes) -> bytes:
    if "is_final" in value:
        return orjson.dumps({**value, "is_final": True})
    # The object has a type at least, so a comma may follow.
    return message.rstrip()[:-1] + b',"is_final":true}'


FAILURE = ChannelMessage(
    name="failure",
    summary="There will be no answer; the stream ends",
    payload=Object(
        "NoAnswer", {"error": one_of(NOT_CONNECTED, GONE, TIMEOUT), "correlation_id": text(CORRELATION_ID)}
    ),
    correlation=CORRELATION,
)


def error_event(error: str, correlation_id: str) -> bytes:
    """The last event of a stream that gets no more answers; `error` is one of `FAILURE`."""
    return sse.encode(orjson.dumps({"error": error, "correlation_id": correlation_id}).decode())
