"""Commands to Redis: one connection per worker, and everything asked for within one turn of the loop
travels in one round trip."""

import logging
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import gevent
import redis
from gevent.event import AsyncResult, Event
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.broker.redis.servers import Endpoint
from app.realtime.broker.store import Argument, Script

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.25
BATCH_COMMANDS = 512
QUEUE_COMMANDS = 10_000


@dataclass(slots=True)
class Call:
    command: tuple[Any, ...]
    again: tuple[Any, ...] | None
    result: "AsyncResult[Any]"
    names_server: bool = False
    moves: int = 0  # from one node of a cluster to another


class Pipeline:
    """Runs commands in the order they were asked for; raises BrokerUnavailable to the callers that wait."""

    PUBLISH = "PUBLISH"

    def __init__(self, endpoint: Endpoint, scripts: Sequence[Script] = ()) -> None:
        self._scripts = list(scripts)
        self._endpoint = endpoint
        self._generation = endpoint.generation
        self._connection: Any = None  # redis-py leaves its connections untyped
        self._server = b""
        self._queue: deque[Call] = deque()
        self._wakeup = Event()
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._retry_at = 0.0

    def start(self) -> None:
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        if self._greenlet is not None:
            self._greenlet.kill()
        self._drop_connection()

    def load(self, scripts: Sequence[Script]) -> None:
        """More scripts to load with every connection; to be called before the first one."""
        self._scripts += scripts

    def run(
        self,
        script: Script,
        keys: Sequence[bytes],
        arguments: Sequence[Argument],
        again: Sequence[Argument] | None = None,
    ) -> Any:
        """The script's answer. With `again`, a lost connection leads to one more attempt with those."""
        command = _evalsha(script, keys, arguments)
        retry = _evalsha(script, keys, again) if again is not None else None
        return self._ask([Call(command, retry, AsyncResult(), script.names_server)])[0]

    def run_all(
        self, calls: Sequence[tuple[Script, Sequence[bytes], Sequence[Argument]]], is_repeatable: bool = False
    ) -> list[Any]:
        """The answers of many scripts in one round. Repeatable ones get one more attempt, as in `run`."""
        commands = [(_evalsha(*call), call[0].names_server) for call in calls]
        return self._ask(
            [
                Call(command, command if is_repeatable else None, AsyncResult(), names_server)
                for command, names_server in commands
            ]
        )

    def publish_all(self, messages: Sequence[tuple[bytes, bytes]]) -> list[int]:
        """How many heard each (channel, message). What a lost connection left unanswered is sent again."""
        commands = [(self.PUBLISH, *message) for message in messages]
        return self._ask([Call(command, command, AsyncResult()) for command in commands])

    def _ask(self, calls: list[Call]) -> list[Any]:
        self.put(calls)
        return [call.result.get() for call in calls]

    def put(self, calls: Sequence[Call]) -> None:
        """They are run in their turn."""
        if len(self._queue) + len(calls) > QUEUE_COMMANDS:
            raise BrokerUnavailable("too many commands are waiting for Redis")
        self._queue.extend(calls)
        self._wakeup.set()

    def _work(self) -> None:
        while True:
            if not self._queue:
                self._wakeup.clear()
                self._wakeup.wait()
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_COMMANDS))]
            try:
                self._run_batch(batch)
            except Exception as error:  # the callers that wait must hear of any failure
                _fail(batch, error)

    def _run_batch(self, batch: list[Call]) -> None:
        unanswered = self._attempt(batch)
        again = [call for call in unanswered if call.again is not None]
        for call in again:
            call.command, call.again = call.again or (), None
        if again:
            self._attempt(again)
        _fail(unanswered, None)

    def _attempt(self, batch: list[Call]) -> list[Call]:
        """Sends all and reads the answers; returns those that got none because the connection failed."""
        answered = 0
        try:
            connection = self._connected()
            named = (self._server,)
            connection.send_packed_command(
                connection.pack_commands(
                    [call.command + named if call.names_server else call.command for call in batch]
                )
            )
            for call in batch:
                try:
                    call.result.set(_read_answer(connection))
                except (NoScriptError, ReadOnlyError):
                    # The scripts were flushed: a new connection loads them again. Or the server became a
                    # replica: a new connection may lead to the master.
                    raise
                except ResponseError as error:
                    self._refuse(call, error)
                answered += 1
        except (RedisError, OSError) as error:
            self._drop_connection(is_silent=isinstance(error, TimeoutError | redis.TimeoutError))
            return batch[answered:]
        return []

    def _refuse(self, call: Call, error: ResponseError) -> None:
        """Memory that is full, a script that is stuck: whatever the reason, the server refuses for now."""
        log.warning("Redis refused a command: %s", error)
        call.result.set_exception(BrokerUnavailable(str(error)))

    def _connected(self) -> Any:
        if self._generation != self._endpoint.generation:
            self._drop_connection()
        if self._connection is None:
            if monotonic() < self._retry_at:
                raise redis.ConnectionError("waiting before the next attempt to connect")
            # Until it is known better, this attempt fails too and the next one waits a little.
            self._retry_at = monotonic() + RECONNECT_SECONDS
            self._connection = self._connect()
            self._retry_at = 0.0
        return self._connection

    def _connect(self) -> Any:
        connection = self._endpoint.connect()
        self._generation = self._endpoint.generation
        try:
            self._server = _server_id(connection)
            for script in self._scripts:
                connection.send_command("SCRIPT", "LOAD", script.text)
                connection.read_response()
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def _drop_connection(self, is_silent: bool = False) -> None:
        """A server that is silent gets no second attempt right away: it would cost a second timeout."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
        if is_silent:
            self._retry_at = monotonic() + RECONNECT_SECONDS


def _read_answer(connection: Any) -> Any:
    """A silence in which this process stood still itself is none: the answer came meanwhile."""
    try:
        return connection.read_response(disable_decoding=True, disconnect_on_error=False)
    except redis.TimeoutError:
        if not connection.can_read():
            raise
        return connection.read_response(disable_decoding=True)


def _server_id(connection: Any) -> bytes:
    """Another one for every process that ever was the server."""
    connection.send_command("INFO", "server")
    try:
        found = re.search(rb"run_id:(\w+)", connection.read_response(disable_decoding=True))
    except ResponseError:
        return b""  # without the right to ask, servers can't be told apart
    return found[1] if found else b""


def _evalsha(script: Script, keys: Sequence[bytes], arguments: Sequence[Argument]) -> tuple[Any, ...]:
    return ("EVALSHA", script.sha, len(keys), *keys, *arguments)


def _fail(calls: list[Call], error: Exception | None) -> None:
    for call in calls:
        if not call.result.ready():
            call.result.set_exception(error or BrokerUnavailable("Redis can't be reached"))
