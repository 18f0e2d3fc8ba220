"""Endpoints of connections to Redis: the server that a URL names, or the master that sentinels name."""

import logging
from abc import ABC, abstractmethod
from typing import Any

import gevent
import redis
from gevent.lock import BoundedSemaphore
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import RedisError
from redis.retry import Retry

from app.realtime.broker.redis.url import Address, RedisUrl

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 2.0
DISCOVERY_SECONDS = 0.5
MASTER = b"master"


class Endpoint(ABC):
    """`generation` changes when connections made before are to be given up, because they lead elsewhere."""

    generation = 0

    @abstractmethod
    def connect(self, read_seconds: float | None = TIMEOUT_SECONDS) -> Any:
        """A connection of its owner's own; untyped in redis-py. Raises RedisError or OSError."""

    def discover(self) -> None:  # noqa: B027 - what stays where it is has nothing to look for
        """Finds out whether the endpoint has moved; takes DISCOVERY_SECONDS at most, and never fails."""


class StandaloneServer(Endpoint):
    """One server, at an address that stays."""

    def __init__(self, url: str, address: Address | None = None) -> None:
        """`address`: another one than that of the URL, with the same credentials and options."""
        # Without the library's own retries: the caller judges a command that failed half-way.
        pool = ConnectionPool.from_url(
            url,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_keepalive=True,
        )
        self._class, self._options = pool.connection_class, dict(pool.connection_kwargs)
        if address is not None:
            self._options |= {"host": address.host, "port": address.port}

    def connect(self, read_seconds: float | None = TIMEOUT_SECONDS) -> Any:
        connection = self._class(**(self._options | {"socket_timeout": read_seconds}))
        try:
            connection.connect()
        except BaseException:
            connection.disconnect()
            raise
        return connection


class SentinelMaster(Endpoint):
    """The master of a service. The latest configuration of all that the sentinels know counts; the server
    that they name must report that it is a master."""

    def __init__(self, url: RedisUrl) -> None:
        self._url = url
        self._sentinels = [_Sentinel(url, address) for address in url.addresses]
        self._master: Address | None = None

    def connect(self, read_seconds: float | None = TIMEOUT_SECONDS) -> Any:
        self.discover()
        if self._master is None:
            raise redis.ConnectionError(f"no sentinel knows a master of {self._url.service}")
        connection = StandaloneServer(self._url.server, self._master).connect(read_seconds)
        try:
            connection.send_command("ROLE")
            if connection.read_response(disable_decoding=True)[0] != MASTER:
                raise redis.ConnectionError("the server that the sentinels name is no master yet")
        except BaseException:
            connection.disconnect()
            raise
        return connection

    def discover(self) -> None:
        asked = [gevent.spawn(sentinel.ask) for sentinel in self._sentinels]
        gevent.joinall(asked, timeout=DISCOVERY_SECONDS)
        gevent.killall([greenlet for greenlet in asked if not greenlet.dead])
        answers = [greenlet.value for greenlet in asked if isinstance(greenlet.value, tuple)]
        if not answers:
            return
        _, master = max(answers)
        if self._master not in (None, master):
            log.warning("Redis is another server now: the sentinels made it the master")
            self.generation += 1
        self._master = master


class _Sentinel:
    """One sentinel, asked over a connection that is kept."""

    def __init__(self, url: RedisUrl, address: Address) -> None:
        self._server = StandaloneServer(url.sentinel, address)
        self._service = url.service
        self._connection: Any = None
        self._asking = BoundedSemaphore()

    def ask(self) -> tuple[int, Address] | None:
        """The number of its configuration, and the master; None when it does not know."""
        with self._asking:
            try:
                if self._connection is None:
                    self._connection = self._server.connect(DISCOVERY_SECONDS)
                self._connection.send_command("SENTINEL", "MASTER", self._service)
                answer = self._connection.read_response(disable_decoding=True)
            except (RedisError, OSError):
                self._hang_up()
                return None
            except BaseException:  # it took too long, and its answer would come to the next question
                self._hang_up()
                raise
        found = dict(zip(answer[::2], answer[1::2], strict=True))
        return int(found[b"config-epoch"]), Address(found[b"ip"].decode(), int(found[b"port"]))

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()
