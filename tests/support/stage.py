"""The stage of most end-to-end tests: a hub, Alice, her constellation, and streams of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.calls import new_name
from tests.support.eventsource import EventSource
from tests.support.hub import HubProcess
from tests.support.publisher import Publisher


class Stage:
    def __init__(self, hub: HubProcess, open_stream: Callable[..., EventSource]) -> None:
        self.hub, self._open_stream = hub, open_stream
        self.name = new_name("Alice")
        self.alice, self.token = hub.register(self.name)
        self.constellation = hub.constellation(self.token)
        self.url = hub.updates_url(self.constellation)

    def start_stream(self, query: str = "", **options: Any) -> EventSource:
        return self._open_stream(self.url + query, **({"token": self.token} | options))

    def open(self, query: str = "", **options: Any) -> EventSource:
        """A stream that has told its position."""
        source = self.start_stream(query, **options).wait_open()
        source.wait_for(lambda it: it.last_event_id)
        return source

    def open_on_both(self, count: int, each: int = 1, **options: Any) -> list[EventSource]:
        return self.hub.open_on_every_worker(lambda: self.open(**options), count, each)

    def join(self, rights: str = "READ") -> tuple[str, str]:
        """Bob, a new member: his uuid and token."""
        uuid, token = self.hub.register(new_name("Bob"))
        self.hub.connect(self.constellation, self.token, uuid, rights)
        return uuid, token

    def notify(self, *bodies: str) -> None:
        for body in bodies:
            answer = self.hub.notify(self.constellation, self.token, body)
            assert answer.status_code == 200, answer.text

    def publishers(self) -> list[Publisher]:
        """One on each worker."""
        pids = self.hub.worker_pids()
        return [Publisher(self.hub, self.constellation, self.token, f"p{pid}", pid) for pid in pids]
