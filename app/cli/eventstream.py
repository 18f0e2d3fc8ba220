"""Decodes an event stream (WHATWG HTML, 9.2.6) incrementally."""

import codecs
import re
from typing import NamedTuple

MOST_DIGITS = 9  # of `retry`: more than a week in milliseconds
_LINE_END = re.compile(r"\r\n|\r|\n")


class StreamEvent(NamedTuple):
    """One dispatched event; `name` is `message` for an event without a name."""

    name: str
    data: str
    id: str


class Decoder:
    """Takes bytes in chunks of any size. `last_id` is the cursor for the next connection; `retry`, in
    seconds, is the pause that the server asked for, None before it did."""

    def __init__(self, last_id: str = "") -> None:
        self.last_id = self._id = last_id
        self.retry: float | None = None
        self.comments = 0
        self._text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest, self._ended_by_cr = "", False
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        text = self._text.decode(chunk)
        if self._ended_by_cr and text:
            text, self._ended_by_cr = text.removeprefix("\n"), False
        if not text:
            return []
        self._ended_by_cr = text.endswith("\r")
        *lines, self._rest = _LINE_END.split(self._rest + text)
        return [event for line in lines if (event := self._take(line)) is not None]

    def _take(self, line: str) -> StreamEvent | None:
        if not line:
            return self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not name:
            self.comments += 1
        elif name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
            self.retry = int(value) / 1000
        return None

    def _dispatch(self) -> StreamEvent | None:
        self.last_id = self._id
        name, data, self._name, self._data = self._name, self._data, "", []
        return StreamEvent(name or "message", "\n".join(data), self._id) if data else None
