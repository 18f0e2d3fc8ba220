"""What the connections of this worker were asked, and by which waiter on which worker.

An answer is passed on only when it comes from the connection that was asked. Bounded: beyond
`MOST_QUESTIONS` the one that was quiet longest is forgotten; its waiter ends with its own timeout.
"""

from time import monotonic
from typing import NamedTuple

MOST_QUESTIONS = 100_000


class PendingRequest(NamedTuple):
    """The waiter `number` of worker `origin` waits for what `connection` says under `correlation_id`."""

    connection: str
    correlation_id: str
    origin: str
    number: int


class PendingRequests:
    """`patience_seconds`: how long a waiter waits after a frame. It says when it waits no longer; this is for
    those that died."""

    def __init__(self, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        # Those that were quiet longest first.
        self._open: dict[tuple[str, str], tuple[PendingRequest, float]] = {}
        self._of_connection: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._open)

    def add(self, question: PendingRequest) -> None:
        self._remove(question.connection, question.correlation_id)
        self._open[question.connection, question.correlation_id] = (question, monotonic())
        self._of_connection.setdefault(question.connection, set()).add(question.correlation_id)
        if len(self._open) > MOST_QUESTIONS:
            self._remove(*next(iter(self._open)))

    def find(self, connection: str, correlation_id: str, is_over: bool) -> PendingRequest | None:
        """The question that a frame of this connection answers; with `is_over` for the last time."""
        key = (connection, correlation_id)
        found = self._open.get(key)
        if found is None:
            return None
        if is_over:
            self._remove(*key)
        else:
            del self._open[key]
            self._open[key] = (found[0], monotonic())
        return found[0]

    def forget(self, question: PendingRequest) -> None:
        """Its waiter waits no longer. The id may have been used again meanwhile."""
        found = self._open.get((question.connection, question.correlation_id))
        if found is not None and found[0] == question:
            self._remove(question.connection, question.correlation_id)

    def leave(self, connection: str) -> list[PendingRequest]:
        """The connection is gone; what it was asked and did not answer to the end."""
        ids = self._of_connection.pop(connection, set())
        return [self._open.pop((connection, id))[0] for id in ids]

    def tick(self) -> None:
        quiet_since = monotonic() - self._patience_seconds
        while self._open:
            key, (_, heard_at) = next(iter(self._open.items()))
            if heard_at > quiet_since:
                break
            self._remove(*key)

    def _remove(self, connection: str, correlation_id: str) -> None:
        if self._open.pop((connection, correlation_id), None) is None:
            return
        ids = self._of_connection[connection]
        ids.discard(correlation_id)
        if not ids:
            del self._of_connection[connection]
