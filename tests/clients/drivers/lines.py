"""What a program says goes out as lines of JSON; what it is told comes in as such."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

CERTIFICATE = os.environ["CERTIFICATE"]
asked: dict[str, str] = json.loads(sys.argv[1])
HEADERS = {"Authorization": f"Bearer {asked['token']}"}


def say(what: str, **more: Any) -> None:
    print(json.dumps({"saw": what, **more}), flush=True)


def told() -> Iterator[str]:
    """The frames to send."""
    for line in sys.stdin:
        yield json.loads(line)["send"]


class Refused(Exception):
    """Any status but 200: a stream that there is no more."""


class Position:
    """What somebody who comes back by hand has to keep."""

    def __init__(self) -> None:
        self.cursor = asked.get("cursor", "")
        self.retry = 1.0

    @property
    def headers(self) -> dict[str, str]:
        return HEADERS | ({"Last-Event-ID": self.cursor} if self.cursor else {})

    def note(self, id: str | None, retry: int | None) -> None:
        self.cursor = id or self.cursor
        self.retry = retry / 1000 if retry is not None else self.retry


def keep_coming_back(read: Callable[[Position], None], failures: type[Exception]) -> None:
    """`read` one connection after another, until one is refused."""
    position = Position()
    while True:
        try:
            read(position)
        except Refused:
            say("over")
            return
        except failures as error:
            print(repr(error), file=sys.stderr)
        say("lost")
        time.sleep(position.retry)
