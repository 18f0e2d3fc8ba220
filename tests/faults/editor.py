"""Alice, who goes on making files while things break, and knows which of them she was told to be made."""

from __future__ import annotations

import json
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

import gevent
import requests
from gevent.event import Event

from tests.support.eventsource import EventSource
from tests.support.stage import Stage


class Editor:
    """Makes `file 0`, `file 1`, … as long as the `with` lasts, each once, whatever is answered within
    `patience` seconds.

    made      the names that were answered by 201
    answers   how often each status came, 0 for none
    refusal   the last answer that was no 201
    """

    def __init__(self, stage: Stage, pause: float = 0.05, patience: float = 15) -> None:
        self._hub, self._token, self._pause = stage.hub, stage.token, pause
        self._patience = patience
        self._folder = stage.hub.root_folder(stage.constellation, stage.token)
        self.made: list[str] = []
        self.answers: Counter[int] = Counter()
        self.refusal: requests.Response | None = None
        self.longest = 0.0
        self._over = Event()
        self._greenlet = gevent.spawn(self._work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._greenlet.kill()

    def _work(self) -> None:
        number = 0
        while not self._over.wait(self._pause):
            name, began = f"file {number}", time.monotonic()
            status = self.make(name)
            self.longest = max(self.longest, time.monotonic() - began)
            self.answers[status] += 1
            if status == 201:
                self.made.append(name)
            number += 1

    def make(self, name: str, content: str = "") -> int:
        """The status that was answered, 0 for none."""
        body = {"name": name, "content": content, "folder_uuid": self._folder}
        try:
            answer = self._hub.post("/files", token=self._token, json=body, timeout=self._patience)
        except requests.RequestException:
            return 0
        if answer.status_code != 201:
            self.refusal = answer
        return answer.status_code

    def end(self) -> list[str]:
        """Stops; what was made."""
        self._over.set()
        self._greenlet.get(timeout=60)
        return self.made

    def stored(self) -> set[str]:
        """The names that the hub has now."""
        answer = self._hub.get(f"/folders/{self._folder}/files", token=self._token)
        assert answer.status_code == 200, answer.text
        return {file["name"] for file in answer.json()["files"]}


def told(source: EventSource) -> list[str]:
    """The names of the files that a stream has heard of, in its order."""
    events: list[dict[str, Any]] = [json.loads(text) for text in source.data if text.startswith("{")]
    return [event["data"]["name"] for event in events if event["type"] == "file.created"]
