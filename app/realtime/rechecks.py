"""May a stream that is open go on? Asked when orders may have been missed, and now and then of every one.

Orders (control.py) end streams within a second. Where one was lost for good, with a worker that died before
it could be published, or with a change made from a shell without Redis, the round that goes on all the time
finds it.
"""

import logging
from collections.abc import Callable

import gevent

from app.realtime import topics
from app.realtime.claims import Claims
from app.realtime.hub import Hub
from app.realtime.subscriber import Subscriber

log = logging.getLogger(__name__)

LEAST_PAUSE_SECONDS = 0.01
PAUSE_EVERY = 100

Authorizer = Callable[[Claims, str], str | None]
"""Why the bearer of the claims may not (any more) read the topic, as a closing reason; None: may."""


class Rechecks:
    """`authorizers` by kind of topic; `seconds` is how long a round over all streams takes."""

    def __init__(self, hub: Hub, seconds: int) -> None:
        self.authorizers: dict[str, Authorizer] = {}
        self._hub = hub
        self._seconds = seconds
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._go_round)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()

    def check(self, subscriber: Subscriber) -> None:
        """Closes the stream if its bearer may not read it. In doubt nobody is cut off: it is asked again."""
        authorizer = self.authorizers.get(topics.kind(subscriber.topic.name))
        try:
            reason = authorizer(subscriber.claims, subscriber.topic.name) if authorizer else None
        except Exception as error:  # the database may be away
            log.warning("the rights of a stream could not be checked: %s", type(error).__name__)
            return
        if reason is not None:
            subscriber.close(reason)

    def check_all(self) -> None:
        """Every stream, as fast as the other greenlets allow."""
        for number, subscriber in enumerate(list(self._hub.subscribers())):
            self.check(subscriber)
            if number % PAUSE_EVERY == 0:
                gevent.sleep(LEAST_PAUSE_SECONDS)

    def _go_round(self) -> None:
        while True:
            subscribers = list(self._hub.subscribers())
            pause = max(LEAST_PAUSE_SECONDS, self._seconds / (len(subscribers) or 1))
            for subscriber in subscribers:
                gevent.sleep(pause)
                if subscriber.reason is None:
                    self.check(subscriber)
            if not subscribers:
                gevent.sleep(1)
