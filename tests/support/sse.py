"""A decoder of event streams, written from the WHATWG HTML standard, section 9.2.6.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

It shares nothing with the application's encoder, so that it can judge it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

_LINE_END = re.compile(r"\r\n|\r|\n")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One dispatched event. `last_event_id` is what a browser's `MessageEvent.lastEventId` would show."""

    name: str
    data: str
    last_event_id: str


@dataclass
class Decoder:
    """Feed it bytes as they come; it hands back the events that they complete.

    `last_event_id` is the id to come back with. It may be given at the start: browsers carry it over from one
    connection to the next. An unfinished block at the end of a stream is dropped simply by feeding no more.
    """

    last_event_id: str = ""
    retry: int | None = None
    comments: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # lines that the standard says to ignore

    def __post_init__(self) -> None:
        # utf-8-sig drops one leading byte order mark, also one that is split over chunks.
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._line: list[str] = []  # pieces of the line that has not ended yet
        self._after_cr = False
        self._data: list[str] = []
        self._name = ""
        self._id = self.last_event_id

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        text = self._decoder.decode(chunk)
        if self._after_cr and text:
            # The CR ended its line when it came; an LF right behind it belongs to the same line end.
            self._after_cr = False
            text = text.removeprefix("\n")
        if not text:
            return []
        self._after_cr = text.endswith("\r")
        first, *others = _LINE_END.split(text)
        self._line.append(first)
        if not others:
            return []
        lines = ["".join(self._line), *others]
        self._line = [lines.pop()]
        return [event for line in lines if (event := self._interpret(line)) is not None]

    def _interpret(self, line: str) -> ServerEvent | None:
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            self.comments.append(line[1:])
            return None
        name, _, value = line.partition(":")
        self._process(name, value.removeprefix(" "), line)
        return None

    def _process(self, name: str, value: str, line: str) -> None:
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and _DIGITS.fullmatch(value):
            self.retry = int(value)
        else:
            self.ignored.append(line)

    def _dispatch(self) -> ServerEvent | None:
        self.last_event_id = self._id
        data, name = self._data, self._name
        self._data, self._name = [], ""
        if not data:
            return None
        # "data:" alone leaves an empty data buffer plus a line feed: an event with empty data, not none.
        return ServerEvent(name or "message", "\n".join(data), self.last_event_id)
