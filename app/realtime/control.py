"""Orders between workers: which streams end, and which caches are invalid. They travel on a topic of their
own."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import gevent

from app.realtime import topics
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.disconnect import Disconnect
from app.realtime.outbox import Outbox
from app.realtime.pacing import RETRY_SECONDS
from app.realtime.sockets.registry import Sockets
from app.realtime.streams.hub import Hub
from app.realtime.streams.topic import FINISHED, Subscriber


class Control:
    """`generation` changes with each order, so that a view that checked rights before one can tell.

    `keys` yields a key for each event that is published. `on_missed` is called when orders may have been
    missed.
    """

    def __init__(
        self,
        hub: Hub,
        sockets: Sockets,
        outbox: Outbox,
        keys: Iterator[str],
        on_missed: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._sockets = sockets
        self._outbox = outbox
        self._keys = keys
        self._on_missed = on_missed
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self.generation = 0
        self.listeners: list[Callable[[Disconnect | None], None]] = []

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._listen)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def _listen(self) -> None:
        while True:
            try:
                self._hub.hear(self._hub.topic(topics.CONTROL, self._receive))
                return
            except BrokerUnavailable:
                gevent.sleep(RETRY_SECONDS)

    def send(self, order: Disconnect) -> None:
        """Takes the route of events, so that the order follows those that were published before it.

        While that route is closed the order is applied here at once, and elsewhere when the broker is back.
        """
        self.invalidate(order)
        self._outbox.publish(topics.CONTROL, order.encode(), next(self._keys))
        if len(self._outbox) or not self._is_heard():
            self.apply(order)

    def _is_heard(self) -> bool:
        topic = self._hub.topics.get(topics.CONTROL)
        return topic is not None and topic.position is not None and self._hub.broker.is_connected

    def _receive(self, payload: bytes | None) -> None:
        """An order, from here or from another worker; None when orders may have been missed."""
        order = Disconnect.decode(payload) if payload is not None else None
        self.invalidate(order)
        if order is not None:
            self.apply(order)
        else:
            gevent.spawn(self._on_missed)

    def invalidate(self, order: Disconnect | None) -> None:
        """Caches of rights and tokens ask again; None: orders may have been missed.

        A stream that is complete takes no rights away.
        """
        if order is not None and order.reason == FINISHED:
            return
        self.generation += 1
        for listener in self.listeners:
            listener(order)

    def apply(self, order: Disconnect) -> None:
        """Ends what the order names. The streams of one topic get first what was published before."""
        if not order.reason:
            return
        topic = self._hub.topics.get(order.topic)
        if topic is not None:
            action = partial(self._end, order, topic.subscribers)
            self._hub.dispatcher.enqueue_action(topic, action)
        elif not order.topic:
            bearers = self._hub.tokens.get(order.token, ()) if order.token else self._hub.subscribers()
            self._end(order, bearers)
            self._sockets.disconnect(order)

    def _end(self, order: Disconnect, candidates: Iterable[Subscriber]) -> None:
        for subscriber in list(candidates):
            if order.topic not in ("", subscriber.topic.name) or not order.matches(subscriber.claims):
                continue
            if order.reason == FINISHED:
                subscriber.finish()
            else:
                subscriber.close(order.reason)
