"""Applies the orders that workers send each other: which streams end, and which caches are invalid."""

from collections.abc import Callable, Iterable
from functools import partial

from app.realtime.disconnect import Disconnect
from app.realtime.sockets.registry import Sockets
from app.realtime.streams.hub import Hub
from app.realtime.streams.topic import FINISHED, Subscriber


class Control:
    """`generation` changes with each order, so that a view that checked rights before one can tell."""

    def __init__(self, hub: Hub, sockets: Sockets) -> None:
        self._hub = hub
        self._sockets = sockets
        self.generation = 0
        self.listeners: list[Callable[[Disconnect | None], None]] = []

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
