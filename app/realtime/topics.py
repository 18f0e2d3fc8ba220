"""Names of topics, and what the engine knows of each kind of topic.

A name is `<kind>:<id>`. A broker derives its keys from the name; an area owns the kinds that it adds.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.realtime.claims import Claims

CONTROL = "control"
CANARY = "canary"

Authorizer = Callable[[Claims, str], str | None]
"""Returns the disconnect reason for a bearer that may not (or no longer) read the topic, else None. For a
socket the second argument is the name that it was opened for."""


@dataclass(frozen=True, slots=True)
class TopicKind:
    """What all topics of one kind share.

    `is_brief`: the truth of these topics is in a database, or they have none. Their streams begin with a
    snapshot; a broker keeps little of their history, and nothing of a topic without a recent listener.
    `authorizer` decides whether an open stream may stay open.
    """

    name: str
    is_brief: bool = False
    authorizer: Authorizer | None = None


class TopicKinds:
    """The kinds of one engine. Topics of a kind that was not added have a full history and no authorizer."""

    def __init__(self) -> None:
        self._kinds: dict[str, TopicKind] = {}
        self.add(TopicKind(CANARY, is_brief=True))

    def add(self, kind: TopicKind) -> None:
        self._kinds[kind.name] = kind

    def of(self, topic: str) -> TopicKind:
        name = kind(topic)
        return self._kinds.get(name) or TopicKind(name)


def kind(topic: str) -> str:
    """The part of the name before the first colon."""
    return topic.partition(":")[0]


def canary(worker: str) -> str:
    return f"{CANARY}:{worker}"
