"""A canary per worker: an event of its own that takes each second the route of all others, through the broker
to this worker's dispatcher. As long as it arrives, the worker hears its topics.

Pings show that a connection lives. They do not show that events still come over it: a connection may lead to
a server that was replaced, or to one that has lost its subscriptions. Then no error tells. So a canary that
was published, and that a later ping has overtaken, makes the worker reconnect: every topic is joined again
and catches up from its history.
"""

import logging
from functools import partial
from time import monotonic

import gevent

from app.realtime import topics
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.streams.hub import Hub

log = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
PATIENCE_SECONDS = 1.5
LATE_SECONDS = 4.0
"""A worker whose newest canary is older is not ready."""


class CanaryRoute:
    """The state of one route. Times are monotonic. `newest`: when the newest canary that was dispatched was
    sent; `received`: the same of one that is not dispatched yet; `awaited`: when a canary that has not come
    yet was sent, and when the broker confirmed it."""

    __slots__ = ("awaited", "is_sending", "lag", "newest", "received")

    def __init__(self) -> None:
        self.newest = monotonic()
        self.lag = 0.0
        self.received = 0.0
        self.awaited: tuple[float, float] | None = None
        self.is_sending = False


class Canary:
    """One route for each connection that events come over (in a Redis Cluster there is one for each node)."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._broker = hub.broker
        self._routes: dict[str, CanaryRoute] = {}
        self._topic = ""
        self._began = 0.0
        self._due = 0.0
        self.rescues = 0

    def start(self, worker_id: str) -> None:
        """The first canary leaves a little later: a process that only runs a command needs none."""
        self._topic = topics.canary(worker_id)
        self._began = monotonic()
        self._due = self._began + BEAT_SECONDS

    @property
    def lag(self) -> float:
        """Seconds that the last canary took, on the slowest route."""
        return max((route.lag for route in self._routes.values()), default=0.0)

    @property
    def age(self) -> float:
        """Seconds since the newest canary that came was sent, on the worst route: events that were published
        before have reached this worker."""
        if not self._topic:
            return 0.0
        oldest = min((route.newest for route in self._routes.values()), default=self._began)
        return monotonic() - oldest

    @property
    def is_late(self) -> bool:
        return self.age > LATE_SECONDS

    def tick(self) -> None:
        """To be called a few times a second; it does not block."""
        now = monotonic()
        if now >= self._due:
            self._due = now + BEAT_SECONDS
            self._update_routes()
            for name, route in self._routes.items():
                if not route.is_sending:
                    route.is_sending = True
                    gevent.spawn(self._send, name, route)
        for name, route in self._routes.items():
            if self._is_lost(name, route, now):
                self._reconnect(name, route)

    def _update_routes(self) -> None:
        """Routes come and go with the nodes of a cluster."""
        names = self._broker.routes(self._topic)
        for name in self._routes.keys() - names:
            del self._routes[name]
            self._hub.drop_topic(name)
        for name in names:
            self._routes.setdefault(name, CanaryRoute())

    def _send(self, name: str, route: CanaryRoute) -> None:
        try:
            self._hub.hear(self._hub.topic(name, partial(self._receive, name)))
            sent = monotonic()
            self._broker.publish(name, repr(sent).encode(), repr(sent))
        except BrokerUnavailable:
            return  # the next one follows in a second
        finally:
            route.is_sending = False
        if route.received < sent and route.awaited is None:
            route.awaited = (sent, monotonic())

    def _receive(self, name: str, payload: bytes | None) -> None:
        route, topic = self._routes.get(name), self._hub.topics.get(name)
        if route is None or topic is None or payload is None:
            return
        sent = float(payload)
        if route.awaited is not None and route.awaited[0] <= sent:
            route.awaited = None
        if topic.is_catching_up:
            return  # it was read from the history, which proves nothing of the route
        route.received = sent
        if not topic.queue:
            self._hub.dispatcher.enqueue_action(topic, partial(self._arrive, route))

    def _arrive(self, route: CanaryRoute) -> None:
        route.newest = route.received
        route.lag = monotonic() - route.newest

    def _is_lost(self, name: str, route: CanaryRoute, now: float) -> bool:
        topic = self._hub.topics.get(name)
        if route.awaited is None or topic is None or topic.is_catching_up:
            return False
        _, confirmed = route.awaited
        return now - confirmed > PATIENCE_SECONDS and self._broker.has_passed(name, confirmed)

    def _reconnect(self, name: str, route: CanaryRoute) -> None:
        log.warning("published events do not arrive, though the broker answers: connecting anew")
        route.awaited = None
        self.rescues += 1
        self._broker.reconnect(name)
