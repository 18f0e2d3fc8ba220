"""The behaviours that the tests require of every client; defects.py lists the exceptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.clients.client import Said
from tests.support.sse import ServerEvent

CALL = "hello"
LINES = [
    "one\ntwo",
    "one\r\ntwo\rthree",
    "one\n\nthree",
    "ends\n",
    " leads",
    "\ttab",
    ": no comment",
    "id: 7",
]
UNICODE = [
    "Grüße, 世界",
    "👩🏽‍🚀🏳️‍🌈",
    "a\u2028b\u2029c\u0085d\u000be\u000cf",
    "e\u0301\u202eabc",
    "x" * 99_999 + "é",
]
MARK = ["\ufeffmarked", "a\ufeffb"]
LEADING = ["\nsecond line", "\n\nthird line"]
EMPTY = [""]
PUSHED, LARGE = " ".join(UNICODE[:-1]), UNICODE[-1]
DELETED, SHUTDOWN = [("stream.closed", f'{{"reason": "{reason}"}}') for reason in ("deleted", "shutdown")]


@dataclass(frozen=True)
class Record:
    """The lines of one client in a scene, and the published events, as the tests' own client saw them."""

    said: list[Said]
    published: list[ServerEvent] = field(default_factory=list)

    @property
    def events(self) -> list[tuple[str, str]]:
        """Name and data, without empty events (see `unpublished`)."""
        return [(it["name"], it["data"]) for it in self.said if it["saw"] == "event" and it["data"]]

    @property
    def messages(self) -> list[str]:
        return [data for name, data in self.events if name == "message" and data != CALL]

    def has(self, what: str) -> bool:
        return any(it["saw"] == what for it in self.said)

    def received(self, bodies: list[str]) -> list[str | None]:
        """The data that the client got for each body, by the ids of the events; None where it got none."""
        ids = {event.data: event.last_event_id for event in self.published}
        first: dict[str, str] = {}
        for event in self.said:
            if event["saw"] == "event":
                first.setdefault(event["id"], event["data"])
        return [first.get(ids[as_sent(body)]) for body in bodies]

    @property
    def unpublished(self) -> list[str]:
        """Data of events that were not published: without an id, or with the id of another event."""
        left = {event.last_event_id for event in self.published}
        found = set()
        for event in self.said:
            if event["saw"] == "event" and event["id"] in left:
                left.remove(event["id"])
            elif event["saw"] == "event":
                found.add(event["data"])
        return sorted(found)

    @property
    def begins(self) -> tuple[str, str]:
        return self.events[0]

    @property
    def returns(self) -> tuple[str, str]:
        """The first event after the first loss."""
        lost = next(n for n, it in enumerate(self.said) if it["saw"] == "lost")
        return Record(self.said[lost:]).begins


def as_sent(body: str) -> str:
    """CR and CRLF arrive as LF: in the standard they are only line ends."""
    return body.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True)
class Behaviour:
    """In `scene`, `look` finds `right` in the record of a client without a defect."""

    title: str
    what: str
    scene: str
    look: Callable[[Record], Any]
    right: Any


def text(title: str, what: str, bodies: list[str]) -> Behaviour:
    return Behaviour(title, what, "text", lambda it: it.received(bodies), list(map(as_sent, bodies)))


BEHAVIOURS = [
    Behaviour(
        "first event",
        "an event arrives at once, with its name",
        "text",
        lambda it: it.begins,
        ("message", CALL),
    ),
    text("lines", "several lines, also empty ones; CR and CRLF as LF; leading white space", LINES),
    text("unicode", "emoji, other line separators (U+2028, U+0085), 100 KB", UNICODE),
    text("U+FEFF", "data that begins with a byte order mark", MARK),
    text("leading empty line", "data whose first line is empty", LEADING),
    text("empty", "an event with empty data", EMPTY),
    Behaviour("heartbeat", "comments and lone ids are no events", "text", lambda it: it.unpublished, []),
    Behaviour(
        "resume",
        "after a lost connection, every missed event, in order and once",
        "cut",
        lambda it: it.messages,
        ["before", "missed 1", "missed 2", "missed 3", "after"],
    ),
    Behaviour(
        "verdict",
        "after a lost connection `stream.resumed` comes first, with the count",
        "cut",
        lambda it: it.returns,
        ("stream.resumed", '{"replayed": 3}'),
    ),
    Behaviour(
        "early cut",
        "the same when the connection is lost before the first event",
        "early_cut",
        lambda it: it.messages,
        ["missed"],
    ),
    Behaviour(
        "reset",
        "after an unknown cursor `stream.reset` comes first",
        "unknown_cursor",
        lambda it: it.begins,
        ("stream.reset", '{"reason": "unknown_cursor"}'),
    ),
    Behaviour(
        "restart",
        "the hub restarts: the client gets `shutdown`, nginx answers it meanwhile, nothing is lost",
        "restart",
        lambda it: (SHUTDOWN in it.events, it.messages),
        (True, ["before", "missed"]),
    ),
    Behaviour(
        "deleted",
        "the client gets `stream.closed`, and stops at the 404 that follows",
        "deleted",
        lambda it: (it.events[-1], it.has("over")),
        (DELETED, True),
    ),
    Behaviour(
        "finished",
        "after a completed concept the client stops at the 204 that follows",
        "finished",
        lambda it: (it.events[-1][0], it.has("over")),
        ("concept-update", True),
    ),
]


def of_calls(title: str, what: str, right: Any) -> Behaviour:
    return Behaviour(title, what, "calls", lambda it: it[title], right)


SOCKET_BEHAVIOURS = [
    of_calls("push", "connects with its credential, and receives pushes; emoji and U+2028 too", True),
    of_calls("large push", "100 KB in one frame", True),
    of_calls("answer", "two frames that answer a request arrive as its stream", [PUSHED, PUSHED]),
    of_calls("large answer", "the same with 100 KB each", [LARGE, LARGE]),
    of_calls("ping", "answers pings and stays connected, while a silent socket is closed", True),
    of_calls(
        "second",
        "a second socket under a name sees why it is closed",
        [(1008, "User already connected")],
    ),
    Behaviour(
        "shutdown", "sees why the hub closes it", "restart", lambda it: it, [(1001, "Server shutdown")]
    ),
]
