"""The description of a stream or socket. Pure data; asyncapi_document.py puts it into the document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.apidocs.json_schema import AnySchema, Object, Schema, example_of, one_of, whole
from app.apidocs.operation import Parameter


@dataclass(frozen=True, kw_only=True)
class ChannelMessage:
    """One kind of event or frame. `event` is the name of a server-sent event, None for an unnamed one and for
    frames; `id` describes the event's id, None where it has none. Without `examples`, the payload's own."""

    name: str
    summary: str
    payload: AnySchema
    event: str | None = None
    id: Schema | None = None
    content_type: str = "application/json"
    examples: Mapping[str, Any] = field(default_factory=dict)
    correlation: str = ""  # where the correlation id stands in the payload

    def shown_examples(self) -> Mapping[str, Any]:
        return self.examples or {"example": example_of(self.payload)}


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A stream or a WebSocket. `sent` go to the client. `received` come from it: frames, or the one request
    body that the stream answers. Credentials and method are those of the view's operation."""

    title: str
    description: str
    sent: tuple[ChannelMessage, ...]
    received: tuple[ChannelMessage, ...] = ()
    query: tuple[Parameter, ...] = ()


CLOSED = ChannelMessage(
    name="stream.closed",
    summary="The hub ends the stream, and why. A stream that ends because it is finished says nothing",
    event="stream.closed",
    payload=Object(
        "StreamClosed",
        {
            "reason": one_of(
                *("shutdown", "token_expired", "rights_revoked", "deleted", "slow_consumer"),
                *("logged_out", "overloaded"),
                description="After shutdown, slow_consumer and overloaded a client should come back",
            )
        },
    ),
)
RESUMED = ChannelMessage(
    name="stream.resumed",
    summary="The first event after coming back: what was missed follows, without a gap",
    event="stream.resumed",
    payload=Object(
        "StreamResumed", {"replayed": whole(7, "How many events follow that were missed", minimum=0)}
    ),
)
RESET = ChannelMessage(
    name="stream.reset",
    summary="The gap can't be filled: load the state anew. The id is the new position",
    event="stream.reset",
    id={"type": "string", "examples": ["9d41c7aa02be.0"]},
    payload=Object("StreamReset", {"reason": one_of("history_lost", "unknown_cursor")}),
)
