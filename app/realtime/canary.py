"""A canary per worker: an event of its own that travels every second the road of all others, through the
broker to this worker's dispatcher. As long as it arrives, the worker is not deaf.

Pings show that a connection lives. They do not show that events still come over it: a connection may lead to
a server that was replaced, or be known to a server that forgot its subscriptions. Who is connected so hears
nothing, and nobody complains. So a canary that was published, and that a later ping has overtaken, has the
worker listen anew: every topic is joined again and catches up from its history.
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


class Bird:
    """What is known of one road. Moments are monotonic; `newest` is when the newest one that came was sent,
    `awaited` one that was published and did not come yet: when it was sent, and when that was confirmed."""

    __slots__ = ("awaited", "has_come", "is_flying", "lag", "newest")

    def __init__(self) -> None:
        self.newest = monotonic()
        self.lag = 0.0
        self.has_come = 0.0  # as `newest`, but not dispatched yet
        self.awaited: tuple[float, float] | None = None
        self.is_flying = False


class Canary:
    """One bird for each connection that events come over (in a Redis Cluster there is one per node)."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._broker = hub.broker
        self._birds: dict[str, Bird] = {}
        self._topic = ""
        self._began = 0.0
        self._due = 0.0
        self.rescues = 0

    def start(self, worker_id: str) -> None:
        """The first one leaves a little later: a process that only runs a command needs none."""
        self._topic = topics.canary(worker_id)
        self._began = monotonic()
        self._due = self._began + BEAT_SECONDS

    @property
    def lag(self) -> float:
        """Seconds that the last one took, on the slowest road."""
        return max((bird.lag for bird in self._birds.values()), default=0.0)

    @property
    def age(self) -> float:
        """Seconds since the newest one that came was sent, on the worst road: what was published before has
        reached this worker."""
        if not self._topic:
            return 0.0
        oldest = min((bird.newest for bird in self._birds.values()), default=self._began)
        return monotonic() - oldest

    @property
    def is_late(self) -> bool:
        return self.age > LATE_SECONDS

    def tick(self) -> None:
        """To be called a few times a second; waits for nothing."""
        now = monotonic()
        if now >= self._due:
            self._due = now + BEAT_SECONDS
            self._settle()
            for name, bird in self._birds.items():
                if not bird.is_flying:
                    bird.is_flying = True
                    gevent.spawn(self._fly, name, bird)
        for name, bird in self._birds.items():
            if self._is_lost(name, bird, now):
                self._rescue(name, bird)

    def _settle(self) -> None:
        """Roads come and go with the nodes of a cluster."""
        roads = self._broker.roads(self._topic)
        for name in self._birds.keys() - roads:
            del self._birds[name]
            self._hub.forget(name)
        for name in roads:
            self._birds.setdefault(name, Bird())

    def _fly(self, name: str, bird: Bird) -> None:
        try:
            self._hub.hear(self._hub.topic(name, partial(self._receive, name)))
            sent = monotonic()
            self._broker.publish(name, repr(sent).encode(), repr(sent))
        except BrokerUnavailable:
            return  # the next one may have more luck
        finally:
            bird.is_flying = False
        if bird.has_come < sent and bird.awaited is None:
            bird.awaited = (sent, monotonic())

    def _receive(self, name: str, payload: bytes | None) -> None:
        bird, topic = self._birds.get(name), self._hub.topics.get(name)
        if bird is None or topic is None or payload is None:
            return
        sent = float(payload)
        if bird.awaited is not None and bird.awaited[0] <= sent:
            bird.awaited = None
        if topic.is_catching_up:
            return  # it was read from the history, which proves nothing of the road
        bird.has_come = sent
        if not topic.queue:
            self._hub.dispatcher.enqueue_action(topic, partial(self._arrive, bird))

    def _arrive(self, bird: Bird) -> None:
        bird.newest = bird.has_come
        bird.lag = monotonic() - bird.newest

    def _is_lost(self, name: str, bird: Bird, now: float) -> bool:
        topic = self._hub.topics.get(name)
        if bird.awaited is None or topic is None or topic.is_catching_up:
            return False
        _, confirmed = bird.awaited
        return now - confirmed > PATIENCE_SECONDS and self._broker.has_passed(name, confirmed)

    def _rescue(self, name: str, bird: Bird) -> None:
        log.warning("events that are published do not come, though the broker answers: listening anew")
        bird.awaited = None
        self.rescues += 1
        self._broker.listen_anew(name)
