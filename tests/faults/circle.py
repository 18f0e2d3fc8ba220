"""Everybody who uses two workers at once: what they do while Redis is in trouble, and what they were told."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, NamedTuple, Self
from uuid import uuid4

import gevent
from gevent.event import Event

from tests.faults.editor import Editor, told
from tests.faults.watch import Messages
from tests.support.eventsource import EventSource
from tests.support.gateway import GatewayStage
from tests.support.health import wait_health
from tests.support.publisher import Publisher, assert_complete
from tests.support.stage import Stage
from tests.support.wait import wait_until
from tests.support.wsclient import WebSocketClient, echo


class Call(NamedTuple):
    status: int
    retry_after: str
    seconds: float
    text: str


class Circle:
    """Alice's readers on both workers (`sources`), a publisher and a bot on each, an editor of files, and a
    back end that sends messages to Dora, all at work as long as the `with` lasts."""

    def __init__(self, stage: Stage, pause: float = 0.03) -> None:
        self.stage, self.hub = stage, stage.hub
        pids = self.hub.worker_pids()
        self.sources = stage.open_on_both(6, each=2)
        self.gateway = GatewayStage(self.hub)
        self.bots: list[tuple[str, WebSocketClient]] = [
            self.gateway.join("bot", echo, worker=pid) for pid in pids
        ]
        self.publishers = [
            Publisher(self.hub, stage.constellation, stage.token, f"p{pid}", pid, pause=pause) for pid in pids
        ]
        self._over = Event()

    def __enter__(self) -> Self:
        self._publishing = [gevent.spawn(it.publish_until, self._over) for it in self.publishers]
        self.editor = Editor(self.stage).__enter__()
        self.messages = Messages(self.hub).__enter__()
        self.wait_under_way()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        gevent.killall(self._publishing)
        self.editor.__exit__(kind, error, trace)
        self.messages.__exit__(kind, error, trace)
        self.gateway.close()

    def wait_under_way(self, more: int = 10, timeout: float = 30) -> None:
        """Until everybody has done as much again, and been told that it was."""
        aims = [count + more for count in self._counts()]
        wait_until(
            lambda: all(count >= aim for count, aim in zip(self._counts(), aims, strict=True)),
            timeout,
            lambda: f"{aims} notifications, files and messages; there are {self._counts()}",
        )

    def _counts(self) -> list[int]:
        notified = [len(publisher.acknowledged) for publisher in self.publishers]
        return [*notified, len(self.editor.made), len(self.messages.sent)]

    # What single calls are answered

    def call(self, path: str, **options: Any) -> Call:
        began = time.monotonic()
        answer = self.hub.post(path, **options)
        seconds, retry_after = time.monotonic() - began, answer.headers.get("Retry-After", "")
        return Call(answer.status_code, retry_after, seconds, answer.text)

    def call_all(self) -> list[Call]:
        """A notification, a push to a bot and a question to it, until its answer: what needs the broker."""
        bot, _ = self.bots[0]
        item = {"user_id": bot, "data": {"message": "how are you?", "correlation_id": str(uuid4())}}
        path = f"/sse/notify/{self.stage.constellation}"
        calls = [self.call(path, token=self.stage.token, data=b"probe")]
        return [*calls, self.call("/sse/push", json=item), self.call("/sse/send", json=item)]

    def wait_refused(self, timeout: float = 10) -> float:
        """Until all of those are answered by 503 with Retry-After; the longest that one took, in seconds."""
        found: list[Call] = []

        def are_refused() -> bool:
            found[:] = self.call_all()
            return all(call.status == 503 and call.retry_after.isdigit() for call in found)

        wait_until(are_refused, timeout, lambda: f"503 with Retry-After, the last were {found}")
        return max(call.seconds for call in found)

    def wait_beats(self, more: int = 2) -> None:
        """Every stream is kept alive."""
        beats = {source: len(source.comments) for source in self.sources}
        for source in self.sources:
            source.wait_for(lambda it: len(it.comments) >= beats[it] + more, timeout=15)

    def wait_well(self, timeout: float = 30) -> float:
        """Until every worker is ready, every bot is reached from every worker on the socket that it had, and
        everybody goes on; seconds until the workers were ready."""
        began = time.monotonic()
        wait_health(self.hub, 200, timeout)
        ready = time.monotonic() - began
        for bot, client in self.bots:
            for pid in self.hub.worker_pids():
                wait_until(lambda bot=bot, pid=pid: len(self._answers(bot, pid)) == 2, timeout, "answers")  # type: ignore[misc]
            assert client.is_open
        self.wait_under_way()
        return ready

    def _answers(self, bot: str, pid: int) -> list[Any]:
        question = self.gateway.ask(bot, pid)
        return question.wait_over(35) if question.status == 200 else []

    # What is there in the end

    @property
    def acknowledged(self) -> int:
        return sum(len(publisher.acknowledged) for publisher in self.publishers)

    @property
    def posted_again(self) -> int:
        return sum(len(publisher.repeated) for publisher in self.publishers)

    def end(self) -> tuple[list[str], int]:
        """Everybody stops. The files that were made, and how many messages, all of which Dora has."""
        self._over.set()
        gevent.joinall(self._publishing, timeout=60, raise_error=True)
        made, messages = self.editor.end(), self.messages.wait_arrived(30)
        assert set(made) <= self.editor.stored()
        self.stage.notify("the end")
        for source in self.sources:
            source.wait_for(lambda it: it.data and it.data[-1] == "the end", timeout=20)
            assert source.attempts == 1
        return made, messages

    def assert_complete(self, made: list[str]) -> None:
        """Every stream has all that was acknowledged, in order, and none was told to begin anew."""
        for source in self.sources:
            assert_complete(source, self.publishers)
            assert set(made) <= set(told(source)), source

    def assert_told(self) -> int:
        """What a stream lacks of what was acknowledged lies where it was told to begin anew. How many
        notifications the worst of them lacks."""
        return max(lacking(source, publisher) for source in self.sources for publisher in self.publishers)


def lacking(source: EventSource, publisher: Publisher) -> int:
    """How many acknowledged numbers are not there; each gap has a `stream.reset` in it."""
    missing, last, is_told = 0, -1, False
    acknowledged = set(publisher.acknowledged)
    for event in source.events:
        name, _, number = event.data.partition(":")
        if event.name == "stream.reset":
            is_told = True
        elif event.name == "message" and name == publisher.name:
            gap = acknowledged & set(range(last + 1, int(number)))
            assert is_told or not gap, f"{publisher.name} lacks {sorted(gap)}: {source}"
            is_late = int(number) <= last and int(number) not in publisher.repeated
            assert not is_late, f"{event.data} comes late: {source}"
            missing += len(gap)
            last, is_told = max(last, int(number)), False
    rest = acknowledged & set(range(last + 1, max(acknowledged) + 1))
    assert not rest, f"{publisher.name} lacks its last {sorted(rest)}: {source}"
    return missing
