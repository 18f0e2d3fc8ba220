"""Replay: what a reader gets before it is live, without a gap and without a duplicate.

The subscriber is registered first and holds what it hears; then the history is read up to a top that is
newer than the registration; then what was held after that top is released. Once live, history is never
read again.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

import gevent

from app.realtime.broker.base import Broker, BrokerUnavailable, HistoryPage
from app.realtime.event import Position, decode_cursor, encode_cursor, unpack
from app.realtime.pacing import RETRY_SECONDS
from app.realtime.streams import sse
from app.realtime.streams.topic import Subscriber

RETRIES_PER_HEARTBEAT = 4

T = TypeVar("T")
Blocks = Generator[bytes, None, T]
Verdicts = Counter[str]


class Ended(Exception):
    """The stream was closed while it was joining."""


def join(broker: Broker, subscriber: Subscriber, cursor: str | None, verdicts: Verdicts) -> Iterator[bytes]:
    """Yields the first cursor, or the verdict and the replay; at the end the subscriber is live.

    Replay goes at the reader's pace: the caller writes each block before it asks for the next.
    While the broker is away this yields comments and tries again. `verdicts` counts. Raises Ended.
    """
    name = subscriber.topic.name
    if cursor:
        position = yield from _resume(broker, subscriber, cursor, verdicts)
    else:
        position = yield from until_available(subscriber, lambda: broker.top(name))
        if subscriber.sent:  # it has been open for a while: its reader may have loaded an older state
            yield reset(position, "history_lost", verdicts)
        else:
            yield sse.id_only(encode_cursor(position))
    while subscriber.held is None:  # more came meanwhile than it may hold: on with the history
        subscriber.hold_anew()
        position = yield from _replay(broker, subscriber, position, verdicts)
    subscriber.release(position)


def _resume(broker: Broker, subscriber: Subscriber, cursor: str, verdicts: Verdicts) -> Blocks[Position]:
    position = decode_cursor(cursor)
    if position is None:
        top = yield from until_available(subscriber, lambda: broker.top(subscriber.topic.name))
        yield reset(top, "unknown_cursor", verdicts)
        return top
    page = yield from _read(broker, subscriber, position)
    if page.is_lost:
        yield reset(page.top, "history_lost", verdicts)
        return page.top
    verdicts["resumed"] += 1
    yield sse.control("stream.resumed", replayed=page.top.offset - position.offset)
    return (yield from _replay(broker, subscriber, position, verdicts, page))


def _replay(
    broker: Broker,
    subscriber: Subscriber,
    position: Position,
    verdicts: Verdicts,
    page: HistoryPage | None = None,
) -> Blocks[Position]:
    """Yields the history after `position`, page by page, and returns where it ended."""
    while True:
        if page is None:
            page = yield from _read(broker, subscriber, position)
        if page.is_lost:
            yield reset(page.top, "history_lost", verdicts)
            return page.top
        epoch = page.top.epoch
        if page.events:
            yield b"".join(
                sse.encode_event(unpack(payload), Position(epoch, offset)) for offset, payload in page.events
            )
            position = Position(epoch, page.events[-1][0])
        if position.offset >= page.top.offset:
            return position
        page = None


def _read(broker: Broker, subscriber: Subscriber, position: Position) -> Blocks[HistoryPage]:
    return (yield from until_available(subscriber, lambda: broker.read(subscriber.topic.name, position)))


def until_available(subscriber: Subscriber, ask: Callable[[], T]) -> Blocks[T]:
    """The broker's answer, as soon as it can be reached. Meanwhile yields comments, and empty blocks between
    them, so that the caller can see whether the reader has left."""
    attempts = 0
    while True:
        if subscriber.reason is not None:
            raise Ended
        try:
            return ask()
        except BrokerUnavailable:
            attempts += 1
            yield sse.HEARTBEAT if attempts % RETRIES_PER_HEARTBEAT == 1 else b""
            gevent.sleep(RETRY_SECONDS)


def reset(position: Position, reason: str, verdicts: Verdicts) -> bytes:
    verdicts[reason] += 1
    return sse.control("stream.reset", encode_cursor(position), reason=reason)
