"""The requests that the connections of this worker were sent, and the waiter of each, here or elsewhere.

An answer is passed on only when it comes from the connection that got the request. Bounded: beyond
`MOST_REQUESTS` the one that was quiet longest is dropped, and its waiter ends with its own timeout.
"""

from time import monotonic
from typing import NamedTuple

import orjson

from app.gateway.codec import GONE, NOT_CONNECTED, AnswerFrame
from app.gateway.meters import GatewayMeters
from app.gateway.waiters import ANSWER, FAIL, Waiters, pack_answer, pack_failure
from app.realtime.engine import Engine
from app.realtime.sockets.connection import Connection

ASK, FORGET = "gateway.ask", "gateway.forget"
"""The kinds of messages that the worker of a connection gets from the workers of the waiters."""
MOST_REQUESTS = 100_000


class PendingRequest(NamedTuple):
    """The waiter `number` of the worker `origin` waits for what `connection` says under `correlation_id`."""

    connection: str
    correlation_id: str
    origin: str
    number: int


class PendingRequests:
    """`quiet_seconds`: after so long without a frame a request is dropped. Waiters end sooner, and say so;
    this is for those whose worker died."""

    def __init__(self, engine: Engine, meters: GatewayMeters, waiters: Waiters, quiet_seconds: float) -> None:
        self._engine = engine
        self._meters = meters
        self._waiters = waiters
        self._quiet_seconds = quiet_seconds
        # With the time of its last frame; those that were quiet longest first.
        self._pending: dict[tuple[str, str], tuple[PendingRequest, float]] = {}
        self._of_connection: dict[str, set[str]] = {}
        engine.mailbox.handlers[ASK] = self._accept
        engine.mailbox.handlers[FORGET] = self._hear_forget

    def send(self, request: PendingRequest, frame: bytes) -> None:
        """Sends the frame to the request's connection, which may answer from now on."""
        connection = self._engine.sockets.by_id.get(request.connection)
        if connection is None:
            self._fail(request, NOT_CONNECTED)
        else:
            self._add(request)
            connection.send(frame)

    def answer(self, connection: Connection, answer: AnswerFrame) -> None:
        """A frame of this connection. One that answers no pending request is counted and dropped."""
        request = None
        if answer.correlation_id is not None:
            request = self._find(connection.id, answer.correlation_id, answer.is_final)
        if request is None:
            self._meters.frames_unclaimed += 1
        elif request.origin == self._engine.worker_id:
            self._waiters.answer(request.number, answer.text, answer.is_final)
        else:
            self._engine.mailbox.post(request.origin, ANSWER, pack_answer(request.number, answer))

    def leave(self, connection: Connection) -> None:
        """The connection is gone: the waiters of its pending requests are told at once."""
        ids = self._of_connection.pop(connection.id, set())
        for request in [self._pending.pop((connection.id, id))[0] for id in ids]:
            self._fail(request, GONE)

    def _fail(self, request: PendingRequest, error: str) -> None:
        if request.origin == self._engine.worker_id:
            self._waiters.fail(request.number, error)
        else:
            self._engine.mailbox.post(request.origin, FAIL, pack_failure(request.number, error))

    def forget(self, request: PendingRequest) -> None:
        """Its waiter has ended. The correlation id may be in use again: then nothing is dropped."""
        found = self._pending.get((request.connection, request.correlation_id))
        if found is not None and found[0] == request:
            self._remove(request.connection, request.correlation_id)

    def tick(self) -> None:
        quiet_since = monotonic() - self._quiet_seconds
        while self._pending:
            key, (_, heard_at) = next(iter(self._pending.items()))
            if heard_at > quiet_since:
                break
            self._remove(*key)

    # The table

    def _add(self, request: PendingRequest) -> None:
        self._remove(request.connection, request.correlation_id)
        self._pending[request.connection, request.correlation_id] = (request, monotonic())
        self._of_connection.setdefault(request.connection, set()).add(request.correlation_id)
        if len(self._pending) > MOST_REQUESTS:
            self._remove(*next(iter(self._pending)))

    def _find(self, connection: str, correlation_id: str, is_final: bool) -> PendingRequest | None:
        """The request that a frame of this connection answers; the final frame ends it."""
        key = (connection, correlation_id)
        found = self._pending.get(key)
        if found is None:
            return None
        if is_final:
            self._remove(*key)
        else:
            del self._pending[key]
            self._pending[key] = (found[0], monotonic())
        return found[0]

    def _remove(self, connection: str, correlation_id: str) -> None:
        if self._pending.pop((connection, correlation_id), None) is None:
            return
        ids = self._of_connection[connection]
        ids.discard(correlation_id)
        if not ids:
            del self._of_connection[connection]

    # From other workers

    def _accept(self, message: bytes) -> None:
        head, _, frame = message.partition(b"\n")
        self.send(unpack(head), frame)

    def _hear_forget(self, message: bytes) -> None:
        self.forget(unpack(message))


def pack(request: PendingRequest) -> bytes:
    """For `FORGET`, and for `ASK` with LF and the frame behind it."""
    return orjson.dumps(tuple(request))


def unpack(message: bytes) -> PendingRequest:
    return PendingRequest(*orjson.loads(message))
