"""Snapshots: streams whose truth is in a database, not in the broker's history, begin with its state.

The subscriber is registered first and holds what it hears; then the database is read; then what was held is
released, except events that the snapshot has shown. An event is published after its commit, so the snapshot
contains every event that was heard before it was read.
"""

import logging
from collections.abc import Callable, Iterator
from time import monotonic

import gevent
from gevent.lock import BoundedSemaphore

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.streams.hub import Hub
from app.realtime.streams.replay import Ended, until_available
from app.realtime.streams.topic import FINISHED, Subscriber, Topic

log = logging.getLogger(__name__)

MOST_REMEMBERED = 10_000
PATIENCE_SECONDS = 10.0

Read = Callable[[], Iterator[tuple[str, bytes]]]
"""Reads the database anew: yields `(event id, block)`, page by page, with no connection held between pages.
It is called outside any request. Raises Finished, where nothing will ever follow."""


class Finished(Exception):
    """What was read is all that there will ever be: the stream ends after it."""


class Snapshot:
    """While the broker is away the reader gets the snapshot at once, and what follows when it is back. When
    the topic loses its history, every stream of it gets the snapshot again; `turns` bounds how many of all
    streams read at once then."""

    def __init__(self, hub: Hub, read: Read, turns: BoundedSemaphore) -> None:
        self._hub = hub
        self._read = read
        self._turns = turns

    def __call__(self, subscriber: Subscriber) -> Iterator[bytes]:
        topic = subscriber.topic
        topic.begin_again = self.begin_again
        seen: dict[str, None] = {}
        while True:
            is_heard = self._hear(topic)
            position = topic.position
            try:
                yield from self._unseen(subscriber, seen)
            except Finished:
                subscriber.close(FINISHED)
                return
            if position is None or not is_heard:
                yield from until_available(subscriber, lambda: self._hub.hear(topic))
            elif subscriber.held is None:
                subscriber.hold_anew()
            elif topic.position is not None and topic.position.epoch == position.epoch:
                subscriber.release(position, seen)
                return

    def _hear(self, topic: Topic) -> bool:
        try:
            self._hub.hear(topic)
        except BrokerUnavailable:
            return False
        return True

    def _unseen(self, subscriber: Subscriber, seen: dict[str, None]) -> Iterator[bytes]:
        for id, block in self._read_or_end(subscriber):
            if subscriber.reason is not None:
                raise Ended
            if id in seen:
                continue
            seen[id] = None
            if len(seen) > MOST_REMEMBERED:
                del seen[next(iter(seen))]
            yield block

    def _read_or_end(self, subscriber: Subscriber) -> Iterator[tuple[str, bytes]]:
        """A database that fails half-way ends the stream, and its reader comes back."""
        try:
            yield from self._read()
        except Finished:
            raise
        except Exception:
            log.warning("a snapshot could not be read", exc_info=True)
            subscriber.close("overloaded")
            raise Ended from None

    # Again

    def begin_again(self, topic: Topic) -> None:
        """The topic's history is lost: live streams get the snapshot again. A stream that is joining notices
        by itself."""
        for subscriber in topic.subscribers:
            if subscriber.position is not None and subscriber.reason is None:
                subscriber.rejoin()
                gevent.spawn(self._rejoin, subscriber)

    def _rejoin(self, subscriber: Subscriber) -> None:
        blocks = self(subscriber)
        try:
            while True:
                with self._turns:
                    block = next(blocks, None)
                if block is None:
                    return
                if block:
                    subscriber.push(block)
                self._wait_until_taken(subscriber)
        except Ended:
            pass

    def _wait_until_taken(self, subscriber: Subscriber) -> None:
        """Goes at the reader's pace; a reader that takes nothing for too long is disconnected."""
        until, pause = monotonic() + PATIENCE_SECONDS, 0.001
        while subscriber.unsent_bytes and subscriber.reason is None:
            if monotonic() > until:
                subscriber.close("slow_consumer")
            gevent.sleep(pause)
            pause = min(pause * 2, 0.1)
