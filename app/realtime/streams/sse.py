"""Events as bytes on the wire. Pure; WHATWG HTML, section 9.2 "Server-sent events"."""

import json
import re

from app.realtime.event import Event, Position, encode_cursor

_LINE_END = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = re.compile(r"[\r\n\0]")


def encode(data: str, name: str = "", id: str | None = None) -> bytes:
    """One event. Every line of `data` (ended by CRLF, CR or LF) becomes a `data:` line.

    Raises ValueError for a name or an id that would break the framing (9.2.6: CR, LF, NUL).
    """
    if _FORBIDDEN.search(name) or (id is not None and _FORBIDDEN.search(id)):
        raise ValueError("event names and ids must not contain CR, LF or NUL")
    head = (f"id: {id}\n" if id is not None else "") + (f"event: {name}\n" if name else "")
    if "\n" in data or "\r" in data:
        data = "\ndata: ".join(_LINE_END.split(data))
    return f"{head}data: {data}\n\n".encode()


def encode_event(event: Event, position: Position) -> bytes:
    """An event of a topic; without an id of its own, its cursor is its id."""
    return encode(event.data, event.name, event.id or encode_cursor(position))


def control(name: str, id: str | None = None, **data: object) -> bytes:
    """A named event whose data is a JSON object: verdicts, disconnect reasons."""
    return encode(json.dumps(data), name, id)


def id_only(id: str) -> bytes:
    """A block without data: it dispatches nothing and sets the client's last event id."""
    if _FORBIDDEN.search(id):
        raise ValueError("event ids must not contain CR, LF or NUL")
    return f"id: {id}\n\n".encode()


def opening(retry: int) -> bytes:
    """The first bytes of a stream; `retry` is milliseconds."""
    return f"retry: {retry}\n: welcome\n\n".encode()


def closed(reason: str) -> bytes:
    return control("stream.closed", reason=reason)


HEARTBEAT = b":\n\n"


def chunk(block: bytes) -> bytes:
    """One chunk of chunked transfer coding (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(block), block)


LAST_CHUNK = b"0\r\n\r\n"
