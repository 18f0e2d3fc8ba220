"""Frames and events of the gateway as bytes. Pure.

Server → client: the `data` of a request, plus `user_id`, `correlation_id` and `original_sender`.
Client → server: a JSON object; its `correlation_id` names the request that it answers.
"""

from time import time
from typing import Any, NamedTuple

import orjson

from app.realtime.streams import sse

FINAL_TYPE = "final_response"
NOT_CONNECTED, GONE, TIMEOUT = "User not connected", "User disconnected", "Timeout waiting for response"


def frame(data: dict[str, Any], user_id: str, correlation_id: str, timestamp: float | None) -> bytes:
    """The frame for a client. Raises orjson.JSONEncodeError where `data` is nested deeper than 254 levels."""
    sent_at = data.get("timestamp")
    sender = {"user_id": user_id, "timestamp": timestamp if sent_at is None else sent_at}
    added = {"user_id": user_id, "correlation_id": correlation_id, "original_sender": sender}
    return orjson.dumps({**data, **added})


def error_frame() -> bytes:
    """For a client whose frame was no JSON object; `timestamp` in Unix seconds."""
    return orjson.dumps(
        {"type": "error", "message": "Error processing your message", "timestamp": round(time(), 3)}
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


def error_event(error: str, correlation_id: str) -> bytes:
    """The last event of a stream that gets no more answers; `error` is one of the three above."""
    return sse.encode(orjson.dumps({"error": error, "correlation_id": correlation_id}).decode())
