"""Names of topics: what a client names maps to one of these, and a broker derives its keys from it."""

CONTROL = "control"
BRIEF = frozenset({"inbox", "concept", "canary"})
"""Kinds of topics whose truth lies in a database, or that have none: a broker keeps little of them, and
nothing of those that nobody has listened to lately. Every stream of theirs begins with a snapshot."""


def constellation(uuid: str) -> str:
    return f"constellation:{uuid}"


def inbox(recipient: str) -> str:
    return f"inbox:{recipient}"


def concept(id: str) -> str:
    return f"concept:{id}"


def concept_messages(id: str) -> str:
    """The same changes, as unnamed events."""
    return f"concept:{id}:messages"


def canary(worker: str) -> str:
    return f"canary:{worker}"


def is_brief(topic: str) -> bool:
    return kind(topic) in BRIEF


def kind(topic: str) -> str:
    """The part before the colon: which area the topic belongs to."""
    return topic.partition(":")[0]
