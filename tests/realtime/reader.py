"""A reader of one stream of an engine, in this process: iterates the response body as a WSGI server does."""

import json
from typing import Any

import gevent

from app.realtime.claims import Claims
from app.realtime.engine import Engine
from app.realtime.peer import Peer
from tests.support.sse import Decoder, ServerEvent
from tests.support.wait import wait_until

ALICE = Claims("alice", "token-of-alice", 0)


class Reader:
    """Reads in a greenlet until the stream ends; `pause` and `resume` make it a slow one."""

    def __init__(
        self,
        engine: Engine,
        topic: str = "constellation:a",
        cursor: str | None = None,
        claims: Claims = ALICE,
    ) -> None:
        self.body = engine.open(topic, claims, cursor, Peer(), engine.control.generation)
        self.decoder = Decoder(cursor or "")
        self.events: list[ServerEvent] = []
        self.chunks: list[bytes] = []
        self._go = gevent.event.Event()
        self._go.set()
        self._greenlet = gevent.spawn(self._read)

    def _read(self) -> None:
        try:
            for chunk in self.body:
                self._go.wait()
                self.chunks.append(chunk)
                self.events += self.decoder.feed(chunk)
        finally:
            self.body.close()

    def pause(self) -> None:
        self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def leave(self) -> None:
        self._greenlet.kill()

    @property
    def is_over(self) -> bool:
        return self._greenlet.dead

    @property
    def cursor(self) -> str:
        return self.decoder.last_event_id

    @property
    def messages(self) -> list[str]:
        return [event.data for event in self.events if event.name == "message"]

    def named(self, name: str) -> list[Any]:
        return [json.loads(event.data) for event in self.events if event.name == name]

    def wait_for(self, *messages: str) -> None:
        wait_until(lambda: len(self.messages) >= len(messages), what=lambda: f"{messages}: {self.events}")
        assert self.messages == list(messages)

    def wait_for_cursor(self) -> str:
        return wait_until(lambda: self.cursor, what="a first cursor")

    def wait_closed(self, reason: str, timeout: float = 5) -> None:
        wait_until(lambda: self.is_over, timeout, what=lambda: f"the end ({reason}): {self.events}")
        assert self.named("stream.closed") == [{"reason": reason}]
