"""Handing events to subscribers: in order within a topic, in turn between topics, in slices within a loop.

One greenlet per worker. Everything that is queued for a topic when its turn comes leaves as one batch.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator
from time import monotonic

import gevent
from gevent.event import Event

from app.realtime import sse
from app.realtime.event import Position
from app.realtime.subscriber import Subscriber
from app.realtime.topic import Entry, Topic

log = logging.getLogger(__name__)

SLICE_SUBSCRIBERS = 250
SLICE_SECONDS = 0.004
PAUSE_SECONDS = 1e-6  # `sleep(0)` would go on without letting the loop look for I/O


Write = Callable[[list[Subscriber], "Batch"], list[Subscriber]]
"""Writes a batch to those subscribers that are in step with it; returns the others (see poller.py)."""


class Batch:
    """Entries that leave together. In step with it is whose position is the very object `before`."""

    __slots__ = ("_chunked", "after", "before", "entries", "plain")

    def __init__(self, before: Position | None, entries: list[Entry]) -> None:
        self.before = before
        self.after = entries[-1].position
        self.entries = entries
        self.plain = entries[0].block if len(entries) == 1 else b"".join(e.block for e in entries)
        self._chunked: bytes | None = None

    @property
    def chunked(self) -> bytes:
        if self._chunked is None:
            self._chunked = sse.chunk(self.plain)
        return self._chunked


class Dispatcher:
    def __init__(self, write: Write) -> None:
        self._write = write
        self._turns: deque[Iterator[int]] = deque()
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
        """Called once everything that waits in the topic's queue was handed over, and before what comes."""
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
                    gevent.sleep(PAUSE_SECONDS)

    def _take_turns(self) -> None:
        """Slices of one topic after another, until it is time to let the rest of the worker go on."""
        until = monotonic() + SLICE_SECONDS
        budget = SLICE_SUBSCRIBERS
        while self._turns and budget > 0 and monotonic() < until:
            turn = self._turns.popleft()
            try:
                budget -= next(turn)
                self._turns.append(turn)
            except StopIteration:
                pass
            except Exception:  # a defect in one topic must not make the worker deaf
                log.exception("a dispatch failed")

    def _slices(self, topic: Topic) -> Iterator[int]:
        """Dispatches what is queued; yields after each slice how many subscribers it had."""
        try:
            while topic.queue:
                entries = take_entries(topic)
                if not entries:
                    run_action(topic)
                    continue
                topic.last_dispatch = monotonic()
                batch = Batch(topic.dispatched, entries)
                topic.dispatched = batch.after
                subscribers = list(topic.subscribers)
                for start in range(0, len(subscribers), SLICE_SUBSCRIBERS):
                    part = subscribers[start : start + SLICE_SUBSCRIBERS]
                    for subscriber in self._write(part, batch):
                        hand_over(subscriber, batch)
                    self.delivered += len(part) * len(entries)
                    yield len(part)
        finally:
            topic.is_queued = False


def take_entries(topic: Topic) -> list[Entry]:
    """What waits in the queue up to the first action in it."""
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
    """A batch for a subscriber that is joining, that is not in step yet, or that the poller does not have."""
    if subscriber.position is None:
        subscriber.hold(batch.entries)
    elif subscriber.position is batch.before:
        subscriber.position = batch.after
        subscriber.push(batch.plain)
    else:
        subscriber.deliver(batch.entries)
        if subscriber.position == batch.after:
            subscriber.position = batch.after  # in step from now on
