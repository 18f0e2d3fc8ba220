"""Dispatches events to subscribers: in order within a topic, topics in turn, in slices of bounded time.

There is one greenlet per worker. All events that are queued for a topic when its turn comes form one batch.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

import gevent
from gevent.event import Event

from app.realtime.event import Position
from app.realtime.pacing import pause
from app.realtime.streams import sse
from app.realtime.streams.cohort import Cohort
from app.realtime.streams.topic import Entry, Subscriber, Topic

log = logging.getLogger(__name__)

SLICE_SUBSCRIBERS = 400
SLICE_SECONDS = 0.004


Write = Callable[[Cohort[Subscriber], int, int, bytes], None]
"""Writes a frame to the members of a cohort from one index to another (see epoll_writer.py)."""


class Batch:
    """Entries that leave together; `before` and `after` are the positions around them."""

    __slots__ = ("after", "before", "entries", "plain")

    def __init__(self, before: Position | None, entries: list[Entry]) -> None:
        self.before = before
        self.after = entries[-1].position
        self.entries = entries
        self.plain = entries[0].block if len(entries) == 1 else b"".join(e.block for e in entries)


class Dispatcher:
    def __init__(self, write: Write) -> None:
        self._write = write
        self._turns: deque[Iterator[None]] = deque()
        self._wakeup = Event()
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self.delivered = 0

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    @property
    def is_alive(self) -> bool:
        return self._greenlet is not None and not self._greenlet.dead

    def enqueue(self, topic: Topic, entry: Entry) -> None:
        topic.queue.append(entry)
        topic.queued_bytes += len(entry.block)
        self._take_turn(topic)

    def enqueue_action(self, topic: Topic, action: Callable[[], None]) -> None:
        """Called after the events that are queued for the topic were handed over, and before later ones."""
        topic.queue.append(action)
        self._take_turn(topic)

    def _take_turn(self, topic: Topic) -> None:
        if not topic.is_queued:
            topic.is_queued = True
            self._turns.append(self._slices(topic))
            self._wakeup.set()

    def _work(self) -> None:
        while True:
            self._wakeup.wait()
            self._wakeup.clear()
            while self._turns:
                self._take_turns()
                if self._turns:
                    pause()

    def _take_turns(self) -> None:
        """Slices of one topic after another, until other greenlets must run."""
        until = monotonic() + SLICE_SECONDS
        while self._turns:
            turn = self._turns.popleft()
            try:
                next(turn)
                self._turns.append(turn)
                return  # it was a whole slice
            except StopIteration:
                pass
            if monotonic() > until:
                return

    def _slices(self, topic: Topic) -> Iterator[None]:
        """Dispatches what is queued; yields between slices."""
        try:
            while topic.queue:
                entries = take_entries(topic)
                if not entries:
                    run_action(topic)
                    continue
                topic.last_dispatch = monotonic()
                batch = Batch(topic.dispatched, entries)
                topic.dispatched = batch.after
                self.delivered += len(topic.subscribers) * len(entries)
                try:
                    yield from self._write_cohorts(topic, batch)
                    yield from self._hand_over(topic, batch)
                except Exception:  # unknown which reader has which event: all resume from their cursors
                    log.exception("a dispatch failed")
                    for subscriber in list(topic.subscribers):
                        subscriber.close("overloaded")
        finally:
            topic.is_queued = False

    def _write_cohorts(self, topic: Topic, batch: Batch) -> Iterator[None]:
        """To the members: plain blocks to one cohort, chunks to the other."""
        for cohort in topic.cohorts:
            cohort.begin(batch.before, batch.after)
        for cohort, frame in zip(topic.cohorts, (batch.plain, sse.chunk(batch.plain)), strict=True):
            for start in range(0, cohort.end, SLICE_SUBSCRIBERS):
                if start:
                    yield
                stop = min(start + SLICE_SUBSCRIBERS, cohort.end)
                self._write(cohort, start, stop, frame)
                cohort.done = stop
            cohort.finish(len(frame))

    def _hand_over(self, topic: Topic, batch: Batch) -> Iterator[None]:
        """To the stragglers, one by one: readers that are joining, slow, or written by a generator."""
        for number, subscriber in enumerate(list(topic.stragglers)):
            if number % SLICE_SUBSCRIBERS == SLICE_SUBSCRIBERS - 1:
                yield
            hand_over(subscriber, batch)
            topic.join_cohort(subscriber)


def take_entries(topic: Topic) -> list[Entry]:
    """The entries of the queue up to its first action."""
    entries: list[Entry] = []
    while topic.queue:
        item = topic.queue[0]
        if not isinstance(item, Entry):
            break
        entries.append(item)
        topic.queue.popleft()
    topic.queued_bytes -= sum(len(entry.block) for entry in entries)
    return entries


def run_action(topic: Topic) -> None:
    action = topic.queue.popleft()
    if not isinstance(action, Entry):
        action()


def hand_over(subscriber: Subscriber, batch: Batch) -> None:
    """Gives a subscriber the entries of the batch that it lacks."""
    if subscriber.position is None:
        subscriber.hold(batch.entries)
    elif subscriber.position == batch.before and subscriber.cohort is None and subscriber.seen is None:
        subscriber.position = batch.after
        subscriber.push(batch.plain)
    elif subscriber.cohort is None:
        subscriber.deliver(batch.entries)
