"""This worker's registry: topics and their subscribers, and what the broker reports of them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from time import monotonic
from typing import TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.pool import Pool

from app.realtime.broker.base import Broker, BrokerUnavailable, HistoryPage
from app.realtime.claims import Claims
from app.realtime.event import Position, encode_cursor, unpack
from app.realtime.pacing import RETRY_SECONDS
from app.realtime.streams import sse
from app.realtime.streams.dispatcher import Dispatcher
from app.realtime.streams.topic import Entry, Handler, Subscriber, Topic

log = logging.getLogger(__name__)

QUEUE_BYTES = 8 * 1024 * 1024
IDLE_SECONDS = 5.0
TOPICS_PER_ROUND = 500
CATCH_UPS = 32

T = TypeVar("T")


class Hub:
    """Receives from the broker (see `broker.base.Receiver`), queues for the dispatcher."""

    def __init__(self, broker: Broker, dispatcher: Dispatcher, buffer_bytes: int) -> None:
        self.broker = broker
        self.dispatcher = dispatcher
        self.topics: dict[str, Topic] = {}
        self._idle: dict[Topic, float] = {}
        self.tokens: dict[str, set[Subscriber]] = {}
        self.stream_count = 0
        self.ended: Counter[str] = Counter()
        self._written = 0  # bytes, to streams that ended
        self.on_end: Callable[[Subscriber, str], None] | None = None
        self.on_interruption: Callable[[], None] | None = None
        self._buffer_bytes = buffer_bytes
        self._catch_ups = Pool(CATCH_UPS)
        self._must_check_all = False
        self._is_checking_all = False

    # Topics

    def topic(self, name: str, handler: Handler | None = None) -> Topic:
        topic = self.topics.get(name)
        if topic is None:
            topic = self.topics[name] = Topic(name, handler)
            if handler is None:
                self._idle[topic] = monotonic()
        return topic

    def hear(self, topic: Topic) -> None:
        """Returns when the topic is heard; raises BrokerUnavailable."""
        if topic.position is not None:
            return
        if topic.hearing is not None:
            topic.hearing.get()
            return
        hearing: AsyncResult[None] = AsyncResult()
        topic.hearing = hearing
        try:
            self.broker.subscribe(topic.name)
            self._begin(topic, self.broker.top(topic.name))
            hearing.set(None)
        except BaseException:
            hearing.set_exception(BrokerUnavailable("the topic could not be subscribed"))
            raise
        finally:
            topic.hearing = None

    def _begin(self, topic: Topic, position: Position) -> None:
        topic.position = topic.dispatched = position
        if not is_covered(topic.missed, position):
            self._catch_up_soon(topic)

    def drop_idle_topics(self) -> None:
        """Unsubscribes topics that had no subscriber for a while; a page that reloads finds its topic
        again."""
        now = monotonic()
        for topic, since in list(self._idle.items()):
            if now - since > IDLE_SECONDS and topic.hearing is None:
                del self._idle[topic]
                self.drop_topic(topic.name)

    def drop_topic(self, name: str) -> None:
        """Unsubscribes a topic without readers; harmless when repeated."""
        if self.topics.pop(name, None) is not None:
            self.broker.unsubscribe(name)

    # Subscribers

    def add(self, topic: Topic, claims: Claims) -> Subscriber:
        """A subscriber that holds what it hears until it is released; `remove` is its undo."""
        subscriber = Subscriber(topic, claims, self._buffer_bytes)
        topic.subscribers[subscriber] = topic.stragglers[subscriber] = None
        self._idle.pop(topic, None)
        self.tokens.setdefault(claims.token, set()).add(subscriber)
        self.stream_count += 1
        return subscriber

    def remove(self, subscriber: Subscriber) -> None:
        """Removes a stream that ended; harmless when repeated."""
        topic = subscriber.topic
        if subscriber not in topic.subscribers:
            return
        del topic.subscribers[subscriber]
        topic.stragglers.pop(subscriber, None)
        if not topic.subscribers:
            self._empty(topic)
        bearers = self.tokens[subscriber.claims.token]
        bearers.discard(subscriber)
        if not bearers:
            del self.tokens[subscriber.claims.token]
        self.stream_count -= 1
        reason = subscriber.reason or "client_gone"
        self.ended[reason] += 1
        self._written += subscriber.sent
        if self.on_end is not None:
            self.on_end(subscriber, reason)

    def _empty(self, topic: Topic) -> None:
        if self.topics.get(topic.name) is topic:
            self._idle[topic] = monotonic()
        if topic.on_empty is not None:
            topic.on_empty()

    def subscribers(self) -> Iterable[Subscriber]:
        for bearers in list(self.tokens.values()):
            yield from list(bearers)

    def written(self) -> int:
        """Bytes, to all streams since the worker began. Walks over all that are open, so it is for rare
        calls."""
        return self._written + sum(
            subscriber.sent + (subscriber.cohort.written if subscriber.cohort is not None else 0)
            for bearers in self.tokens.values()
            for subscriber in bearers
        )

    # Reported by the broker (see `broker.base.Receiver`)

    def receive(self, name: str, position: Position, payload: bytes) -> None:
        topic = self.topics.get(name)
        if topic is None:
            return
        known = topic.position
        if known is None or topic.is_catching_up:
            topic.missed = position
        elif position.epoch != known.epoch:
            topic.missed = position
            self._catch_up_soon(topic)
        elif position.offset == known.offset + 1 and topic.queued_bytes < QUEUE_BYTES:
            self._accept(topic, position, payload)
        elif position.offset > known.offset:
            topic.missed = position
            self._catch_up_soon(topic)

    def topic_reset(self, name: str, position: Position) -> None:
        topic = self.topics.get(name)
        if topic is None:
            return
        if topic.position is None or topic.is_catching_up:
            topic.missed = position
        elif position.epoch != topic.position.epoch:
            self._reset(topic, position)

    def interrupted(self) -> None:
        """Asks the broker for the position of every topic; topics that are behind catch up from history."""
        if self.on_interruption is not None:
            self.on_interruption()
        self._must_check_all = True
        if not self._is_checking_all:
            self._is_checking_all = True
            gevent.spawn(self._check_all)

    def _accept(self, topic: Topic, position: Position, payload: bytes) -> None:
        topic.position = position
        try:
            if topic.handler is not None:
                topic.handler(payload)
            elif topic.subscribers:
                event = unpack(payload)
                self.dispatcher.enqueue(
                    topic, Entry(position, sse.encode_event(event, position), id=event.id)
                )
            else:
                topic.dispatched = position
        except Exception:  # one bad payload must not stop the listener
            log.exception("an event of topic %s could not be handed on", topic.name)

    def _reset(self, topic: Topic, position: Position) -> None:
        topic.position = position
        if topic.handler is not None:
            topic.handler(None)
        elif topic.subscribers and topic.begin_again is not None:
            self.dispatcher.enqueue(topic, Entry(position, sse.HEARTBEAT, is_reset=True))
            self.dispatcher.enqueue_action(topic, partial(topic.begin_again, topic))
        elif topic.subscribers:
            block = sse.control("stream.reset", encode_cursor(position), reason="history_lost")
            self.dispatcher.enqueue(topic, Entry(position, block, is_reset=True))
        else:
            topic.dispatched = position

    def _follow(self, topic: Topic, position: Position) -> None:
        """The same offset in the epoch that succeeds the known one; readers get it as their new cursor."""
        topic.position = position
        if topic.handler is None and topic.subscribers:
            block = sse.HEARTBEAT if topic.begin_again is not None else sse.id_only(encode_cursor(position))
            self.dispatcher.enqueue(topic, Entry(position, block, is_reset=True))
        else:
            topic.dispatched = position

    # Catching up

    def _check_all(self) -> None:
        try:
            while self._must_check_all:
                self._must_check_all = False
                names = list(self.topics)
                for start in range(0, len(names), TOPICS_PER_ROUND):
                    self._check(names[start : start + TOPICS_PER_ROUND])
        finally:
            self._is_checking_all = False

    def _check(self, names: list[str]) -> None:
        tops = self._until_available(lambda: self.broker.tops(names))
        for name, top in zip(names, tops, strict=True):
            topic = self.topics.get(name)
            if topic is not None and topic.position is not None and topic.position != top:
                self._catch_up_soon(topic)

    def _catch_up_soon(self, topic: Topic) -> None:
        if not topic.is_catching_up:
            topic.is_catching_up = True
            gevent.spawn(self._catch_up_in_turn, topic)

    def _catch_up_in_turn(self, topic: Topic) -> None:
        self._catch_ups.spawn(self._catch_up, topic)

    def _catch_up(self, topic: Topic) -> None:
        """Reads the history after the last event heard, until nothing that came meanwhile is missing."""
        try:
            while self.topics.get(topic.name) is topic and topic.position is not None:
                while topic.queued_bytes > QUEUE_BYTES // 2:
                    gevent.sleep(0.01)
                position = topic.position
                topic.missed = None
                page = self._until_available(partial(self.broker.read, topic.name, position))
                if page.is_lost:
                    self._begin_anew(topic, position, page)
                elif page.top.epoch != position.epoch:
                    self._follow(topic, Position(page.top.epoch, position.offset))
                for offset, payload in page.events:
                    self._accept(topic, Position(page.top.epoch, offset), payload)
                if topic.position == page.top and is_covered(topic.missed, page.top):
                    return
        finally:
            topic.is_catching_up = False

    def _begin_anew(self, topic: Topic, position: Position, page: HistoryPage) -> None:
        """A broker that has fewer events of the same epoch lost some: their offsets must not come again. Of
        another epoch the topic gets all that the history still has."""
        top = page.top
        if top.epoch != position.epoch:
            start = Position(top.epoch, page.begun)
            top = (
                top if self._until_available(partial(self.broker.read, topic.name, start)).is_lost else start
            )
        elif top.offset < position.offset:
            top = self._until_available(partial(self.broker.reset, topic.name))
        self._reset(topic, top)

    def _until_available(self, ask: Callable[[], T]) -> T:
        """The broker's answer, as soon as it can be reached."""
        while True:
            try:
                return ask()
            except BrokerUnavailable:
                gevent.sleep(RETRY_SECONDS)


def is_covered(missed: Position | None, position: Position) -> bool:
    return missed is None or (missed.epoch == position.epoch and missed.offset <= position.offset)
