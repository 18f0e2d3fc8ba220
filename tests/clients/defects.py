"""Defects of clients: what each does instead, which the tests require too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.clients.matrix import DELETED, LEADING, MARK


@dataclass(frozen=True)
class Defect:
    """`seen` is found in place of the right result."""

    seen: Any
    why: str


NO_DATA = (
    "An `id:` without data is no event, but it sets the position (WHATWG HTML, 9.2.6); these clients "
    "ignore it. So they have no cursor until their first event, and miss the events that are published "
    "while they are disconnected before that: load the state anew whenever such a client opens. "
    "(`eventsource` 5.1.5, for Node.js 22.12 and newer, has no such defect.)"
)
EARLY = Defect([], NO_DATA)
STATUS = (
    "Takes any answer for a stream, also a 401, 403 or 404, and reconnects for ever "
    "([#9](https://github.com/rexxars/eventsource-client/issues/9)): close it on `stream.closed`."
)
DECODER = (
    "Decodes each line by itself with a `TextDecoder`, which takes a leading U+FEFF for a byte order mark."
)
FIRST_LINE = (
    "Loses leading empty lines of the data ([#50](https://github.com/Azure/fetch-event-source/issues/50))."
)
COMMENTS = (
    "Emits an event with empty data for each comment "
    "([fetch-event-source #15](https://github.com/Azure/fetch-event-source/issues/15), "
    "[httpx-sse #35](https://github.com/florimondmanca/httpx-sse/issues/35)): "
    "ignore events with empty data, unless your application uses empty notifications."
)

DEFECTS: dict[tuple[str, str], Defect] = {
    **{
        (client, "early cut"): EARLY
        for client in ("eventsource", "eventsource-client", "event-source-polyfill", "sseclient-py")
    },
    ("eventsource-client", "deleted"): Defect((DELETED, False), STATUS),
    ("@microsoft/fetch-event-source", "U+FEFF"): Defect([MARK[0].lstrip("\ufeff"), MARK[1]], DECODER),
    ("@microsoft/fetch-event-source", "leading empty line"): Defect(
        [body.lstrip("\n") for body in LEADING], FIRST_LINE
    ),
    ("@microsoft/fetch-event-source", "heartbeat"): Defect([""], COMMENTS),
    ("httpx-sse", "heartbeat"): Defect([""], COMMENTS),
}
