"""What clients can't, by defects of their own: what they do instead, which the tests insist on too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.clients.matrix import DELETED, LEADING, MARK


@dataclass(frozen=True)
class Defect:
    """`seen` is found where the right thing should be."""

    seen: Any
    why: str


NO_DATA = (
    "An `id:` without data is no event, but a position all the same (WHATWG HTML, 9.2.6); these forget it. "
    "So they have no cursor until their first event, and miss what is published while they are cut off "
    "before that: load the state anew whenever such a client opens. "
    "(`eventsource` 5.1.5, for Node.js 22.12 and newer, keeps it.)"
)
EARLY = Defect([], NO_DATA)
STATUS = (
    "Takes any answer for a stream, a 401, 403 or 404 too, and comes back for ever "
    "([#9](https://github.com/rexxars/eventsource-client/issues/9)): close it on `stream.closed`."
)
DECODER = (
    "Decodes each line by itself with a `TextDecoder`, which takes U+FEFF at the begin for a byte order mark."
)
FIRST_LINE = "Loses empty lines at the begin of the data ([#50](https://github.com/Azure/fetch-event-source/issues/50))."
COMMENTS = (
    "Hands out an event with empty data for each comment "
    "([fetch-event-source #15](https://github.com/Azure/fetch-event-source/issues/15), "
    "[httpx-sse #35](https://github.com/florimondmanca/httpx-sse/issues/35)): "
    "ignore those whose data is empty, unless empty notifications mean something to you."
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
