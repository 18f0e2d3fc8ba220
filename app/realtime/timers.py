"""What happens by the clock, for all streams of a worker at once: one greenlet, no timer per stream."""

import heapq
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from time import monotonic, time
from typing import Generic, Protocol, TypeVar

import gevent

from app.realtime.claims import Claims
from app.realtime.streams import sse
from app.realtime.streams.topic import Subscriber

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
PAUSE_EVERY = 250


class Ticker:
    """Calls every task each tick; a task that fails is logged and called again."""

    def __init__(self, *tasks: Callable[[], None]) -> None:
        self._tasks = list(tasks)
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self.ticked_at = 0.0

    def add(self, task: Callable[[], None]) -> None:
        """It may not wait for anything: the others wait for it."""
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


class Heartbeats:
    """A wheel of seconds: each stream stands in the second in which it is due for a comment.

    Where its topic was busy meanwhile, it just moves on. Streams of one topic are spread over the last
    fifth of the interval, so that they do not all fall due at once.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._wheel: defaultdict[int, set[Subscriber]] = defaultdict(set)
        self._next = int(monotonic()) + 1
        self._count = 0

    def add(self, subscriber: Subscriber) -> None:
        self._put(subscriber, monotonic())

    def remove(self, subscriber: Subscriber) -> None:
        due = self._wheel.get(subscriber.heartbeat_at)
        if due is not None:
            due.discard(subscriber)

    def tick(self) -> None:
        while self._next <= monotonic():
            due = self._wheel.pop(self._next, set())
            self._next += 1
            for count, subscriber in enumerate(list(due)):
                if subscriber in due:
                    self._visit(subscriber)
                if count % PAUSE_EVERY == PAUSE_EVERY - 1:
                    gevent.sleep(1e-6)

    def _visit(self, subscriber: Subscriber) -> None:
        if subscriber.reason is not None:
            return
        subscriber.forget_seen()
        now = monotonic()
        quiet_since = subscriber.topic.last_dispatch
        if now - quiet_since < self._seconds * 0.8:
            self._put(subscriber, quiet_since)
            return
        if subscriber.position is not None:
            subscriber.push(sse.HEARTBEAT)
        self._put(subscriber, now)

    def _put(self, subscriber: Subscriber, since: float) -> None:
        self._count += 1
        spread = (self._count % 8) / 8 * self._seconds * 0.2
        subscriber.heartbeat_at = max(self._next, int(since + self._seconds - spread))
        self._wheel[subscriber.heartbeat_at].add(subscriber)


class Bearer(Protocol):
    claims: Claims


B = TypeVar("B", bound=Bearer)


class Expiry(Generic[B]):
    """Ends what a token opened when it expires; one entry per token. `tokens`: who bears which one now."""

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
        """Drops the entries of tokens that nobody bears; they are added again when somebody does."""
        self._heap = [entry for entry in self._heap if entry[1] in self._tokens]
        heapq.heapify(self._heap)
        self._known = {token for _, token in self._heap}
