"""What a worker does by the clock: one greenlet, and no timer for each stream or socket."""

import heapq
import logging
from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Generic, Protocol, TypeVar

import gevent

from app.realtime.claims import Claims

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25


class Ticker:
    """Calls every task each tick; a task that fails is logged and called again."""

    def __init__(self, *tasks: Callable[[], None]) -> None:
        self._tasks = list(tasks)
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self.ticked_at = 0.0

    def add(self, task: Callable[[], None]) -> None:
        """It may not block: the other tasks wait for it."""
        self._tasks.append(task)

    def start(self) -> None:
        self.ticked_at = monotonic()
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def _work(self) -> None:
        while True:
            gevent.sleep(TICK_SECONDS)
            self.ticked_at = monotonic()
            for task in self._tasks:
                try:
                    task()
                except Exception:
                    log.exception("a timer task failed")


class Bearer(Protocol):
    claims: Claims


B = TypeVar("B", bound=Bearer)


class Expiry(Generic[B]):
    """Ends what a token opened when it expires; one entry per token. `tokens`: the bearers of each token
    now."""

    def __init__(self, tokens: Mapping[str, set[B]], end: Callable[[B], None]) -> None:
        self._tokens = tokens
        self._end = end
        self._heap: list[tuple[float, str]] = []
        self._known: set[str] = set()

    def add(self, bearer: B) -> None:
        claims = bearer.claims
        if claims.expires_at and claims.token not in self._known:
            self._known.add(claims.token)
            heapq.heappush(self._heap, (claims.expires_at, claims.token))
            if len(self._heap) > 2 * len(self._tokens) + 1000:
                self._compact()

    def tick(self) -> None:
        while self._heap and self._heap[0][0] <= time():
            token = heapq.heappop(self._heap)[1]
            self._known.discard(token)
            for bearer in list(self._tokens.get(token, ())):
                self._end(bearer)

    def _compact(self) -> None:
        """Drops the entries of tokens without a bearer; they are added again with the next one."""
        self._heap = [entry for entry in self._heap if entry[1] in self._tokens]
        heapq.heapify(self._heap)
        self._known = {token for _, token in self._heap}
