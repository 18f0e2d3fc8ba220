"""Orders between workers: which streams end, and what is no longer to be believed."""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial

from app.realtime.hub import Hub
from app.realtime.subscriber import FINISHED, Subscriber


@dataclass(frozen=True, slots=True)
class Cut:
    """Ends with `reason` the streams that match every field that is given; without a reason, none.

    `version`: only those of tokens issued before the user's tokens had it, so that an order which comes
    late spares who logged in again meanwhile.
    """

    reason: str
    topic: str = ""
    user: str = ""
    token: str = ""
    version: int = 0

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Cut | None":
        """None for an order that this release does not understand: then everything is checked."""
        try:
            return cls(**json.loads(payload))
        except (ValueError, TypeError):
            return None

    def matches(self, subscriber: Subscriber) -> bool:
        claims = subscriber.claims
        return (
            self.topic in ("", subscriber.topic.name)
            and self.user in ("", claims.subject)
            and self.token in ("", claims.token)
            and (not self.version or claims.version < self.version)
        )


class Control:
    """Carries out cuts. `generation` changes with each, so that whoever checked rights before one knows."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
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
        """Ends the streams that the order names. Those of one topic get first what was published before."""
        if not cut.reason:
            return
        topic = self._hub.topics.get(cut.topic)
        if topic is not None:
            action = partial(self._end, cut, topic.subscribers)
            self._hub.dispatcher.enqueue_action(topic, action)
        elif not cut.topic:
            self._end(cut, self._hub.tokens.get(cut.token, ()) if cut.token else self._hub.subscribers())

    def _end(self, cut: Cut, candidates: Iterable[Subscriber]) -> None:
        for subscriber in list(candidates):
            if not cut.matches(subscriber):
                continue
            if cut.reason == FINISHED:
                subscriber.finish()
            else:
                subscriber.close(cut.reason)
