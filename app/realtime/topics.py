"""Names of topics: what a client names maps to one of these, and a broker derives its keys from it."""

CONTROL = "control"


def constellation(uuid: str) -> str:
    return f"constellation:{uuid}"


def inbox(recipient: str) -> str:
    return f"inbox:{recipient}"


def concept(id: str) -> str:
    return f"concept:{id}"


def kind(topic: str) -> str:
    """The part before the colon: which area the topic belongs to."""
    return topic.partition(":")[0]
