"""Orders between workers carried out: who ends, and what is no longer to be believed."""

from collections.abc import Callable, Iterable
from functools import partial

from app.realtime.cut import Cut
from app.realtime.hub import Hub
from app.realtime.sockets import Sockets
from app.realtime.subscriber import FINISHED, Subscriber


class Control:
    """Carries out cuts. `generation` changes with each, so that whoever checked rights before one knows."""

    def __init__(self, hub: Hub, sockets: Sockets) -> None:
        self._hub = hub
        self._sockets = sockets
        self.generation = 0
        self.listeners: list[Callable[[Cut | None], None]] = []

    def disbelieve(self, cut: Cut | None) -> None:
        """What was found out before is not believed any more; None: orders may have been missed.

        What merely finished takes no rights from anybody.
        """
        if cut is not None and cut.reason == FINISHED:
            return
        self.generation += 1
        for listener in self.listeners:
            listener(cut)

    def obey(self, cut: Cut) -> None:
        """Ends whom the order names. The streams of one topic get first what was published before."""
        if not cut.reason:
            return
        topic = self._hub.topics.get(cut.topic)
        if topic is not None:
            action = partial(self._end, cut, topic.subscribers)
            self._hub.dispatcher.enqueue_action(topic, action)
        elif not cut.topic:
            self._end(cut, self._hub.tokens.get(cut.token, ()) if cut.token else self._hub.subscribers())
            self._sockets.cut(cut)

    def _end(self, cut: Cut, candidates: Iterable[Subscriber]) -> None:
        for subscriber in list(candidates):
            if cut.topic not in ("", subscriber.topic.name) or not cut.matches(subscriber.claims):
                continue
            if cut.reason == FINISHED:
                subscriber.finish()
            else:
                subscriber.close(cut.reason)
