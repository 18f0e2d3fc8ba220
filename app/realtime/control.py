"""Orders between workers: which streams end, and what is no longer to be believed."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from app.realtime.hub import Hub
from app.realtime.subscriber import Subscriber


@dataclass(frozen=True, slots=True)
class Cut:
    """Ends with `reason` the streams that match every field that is given; without a reason, none."""

    reason: str
    topic: str = ""
    user: str = ""
    token: str = ""

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, payload: bytes) -> "Cut":
        return cls(**json.loads(payload))

    def matches(self, subscriber: Subscriber) -> bool:
        claims = subscriber.claims
        return (
            self.topic in ("", subscriber.topic.name)
            and self.user in ("", claims.subject)
            and self.token in ("", claims.token)
        )


class Control:
    """Carries out cuts. `generation` changes with each, so that whoever checked rights before one knows."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.generation = 0
        self.listeners: list[Callable[[Cut | None], None]] = []

    def obey(self, cut: Cut | None) -> None:
        """None: orders may have been missed."""
        self.generation += 1
        for listener in self.listeners:
            listener(cut)
        if cut is None or not cut.reason:
            return
        for subscriber in self._candidates(cut):
            if cut.matches(subscriber):
                subscriber.close(cut.reason)

    def _candidates(self, cut: Cut) -> list[Subscriber]:
        if cut.token:
            return list(self._hub.tokens.get(cut.token, ()))
        if cut.topic:
            topic = self._hub.topics.get(cut.topic)
            return list(topic.subscribers) if topic else []
        return list(self._hub.subscribers())
