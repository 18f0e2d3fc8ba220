"""Many requests at once, on one thread.

Two ways: `fire` sends each request when it is due, whatever became of the ones before (so that a slow answer
hides nothing); `flood` sends the next as soon as an answer has come.
"""

import selectors
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from benchmarks.harness.http import GONE, TIMEOUT_SECONDS, Answer, HttpConnection


@dataclass(frozen=True)
class Shot:
    """A request that is due some seconds after the start; made at the moment it is sent."""

    due: float
    wire: Callable[[], bytes]
    kind: str = ""


@dataclass(frozen=True)
class TimedAnswer:
    """How a request went: seconds from when it was due to its answer."""

    kind: str
    seconds: float
    answer: Answer


def every(seconds: float, times: int, wire: Callable[[], bytes], kind: str = "") -> list[Shot]:
    """The same kind of request at a steady pace; no pause at all makes it a burst."""
    return [Shot(number * seconds, wire, kind) for number in range(times)]


class Pool:
    """Connections made beforehand, of which each is idle or waits for an answer; use it as a context."""

    def __init__(self, port: int, connections: int) -> None:
        self.size = connections
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._idle: deque[HttpConnection] = deque()
        self.waiting: dict[HttpConnection, tuple[str, float]] = {}
        for _ in range(connections):
            self._idle.append(self._new())

    def send(self, wire: bytes, kind: str, since: float) -> None:
        connection = self._idle.popleft() if self._idle else self._new()
        self.waiting[connection] = (kind, since)
        connection.send(wire)

    def answers(self, timeout: float) -> Iterator[TimedAnswer]:
        for key, _ in self._selector.select(timeout):
            connection = key.fileobj
            assert isinstance(connection, HttpConnection)
            answer = connection.receive()
            if answer is None:
                continue
            asked = self.waiting.pop(connection, None)
            if answer is GONE:
                self._drop(connection)
            else:
                self._idle.append(connection)
            if asked is not None:
                yield TimedAnswer(asked[0], time.monotonic() - asked[1], answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in list(self._selector.get_map().values()):
            assert isinstance(key.fileobj, HttpConnection)
            key.fileobj.close()
        self._selector.close()

    def _new(self) -> HttpConnection:
        connection = HttpConnection(self._port)
        self._selector.register(connection, selectors.EVENT_READ)
        return connection

    def _drop(self, connection: HttpConnection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        self._selector.unregister(connection)
        connection.close()


def fire(pool: Pool, shots: Iterable[Shot]) -> list[TimedAnswer]:
    """Send every request when it is due, over more connections than the pool has when those all wait."""
    queue = deque(sorted(shots, key=lambda shot: shot.due))
    outcomes: list[TimedAnswer] = []
    start = time.monotonic()
    deadline = start + (queue[-1].due if queue else 0) + TIMEOUT_SECONDS
    while (queue or pool.waiting) and time.monotonic() < deadline:
        while queue and start + queue[0].due <= time.monotonic():
            shot = queue.popleft()
            pool.send(shot.wire(), shot.kind, start + shot.due)
        pause = start + queue[0].due - time.monotonic() if queue else 1.0
        outcomes.extend(pool.answers(max(pause, 0)))
    return outcomes


@dataclass(frozen=True)
class Flooded:
    """How many requests were answered well and badly, in how many seconds."""

    good: int
    bad: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.good / self.seconds


def flood(
    pool: Pool, wires: Iterator[bytes], *, seconds: float, keep: Callable[[Answer], object] | None = None
) -> Flooded:
    """Keep every connection of the pool busy until the time is over or the requests are."""
    good = bad = 0
    start = time.monotonic()
    for _, wire in zip(range(pool.size), wires, strict=False):
        pool.send(wire, "", start)
    while pool.waiting and time.monotonic() < start + seconds + TIMEOUT_SECONDS:
        for outcome in pool.answers(1.0):
            good += outcome.answer.is_good
            bad += not outcome.answer.is_good
            if keep is not None:
                keep(outcome.answer)
            wire = next(wires, b"") if time.monotonic() < start + seconds else b""
            if wire:
                pool.send(wire, "", start)
    return Flooded(good, bad, time.monotonic() - start)
