"""The subscription connection of a worker: channels on demand, resubscribed after every loss."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from redis.exceptions import RedisError

from app.realtime.broker.base import BrokerUnavailable, Receiver
from app.realtime.broker.redis.pipeline import RECONNECT_SECONDS
from app.realtime.broker.redis.servers import TIMEOUT_SECONDS, Endpoint
from app.realtime.event import Position
from app.realtime.meters import Histogram

log = logging.getLogger(__name__)

PING_SECONDS = 1.0
SILENCE_SECONDS = 3.0  # checked every second: no worker goes without events for more than five
BATCH_CHANNELS = 500
CAUGHT_UP = b"caught-up"
# Of a channel, and of a shard channel (Redis 7).
MESSAGES = (b"message", b"smessage")
CONFIRMATIONS = (b"subscribe", b"ssubscribe")


class Listening(Protocol):
    """What a broker needs of its listener; `lag` and `silence` in seconds, see `Link`."""

    @property
    def is_connected(self) -> bool: ...

    @property
    def lag(self) -> float: ...

    @property
    def silence(self) -> float: ...

    @property
    def round_trips(self) -> Histogram: ...

    def start(self, receiver: Receiver) -> None: ...

    def stop(self) -> None: ...

    def hear(self, channel: bytes, deliver: Callable[[bytes], None]) -> None:
        """Messages published there go to `deliver` as they are; returns at once."""

    def subscribe(self, channel: bytes) -> None:
        """Returns when the channel is heard; raises BrokerUnavailable."""

    def unsubscribe(self, channel: bytes) -> None: ...

    def routes(self, topic: str) -> list[str]: ...

    def has_passed(self, channel: bytes, moment: float) -> bool: ...

    def reconnect(self, channel: bytes) -> None: ...


class Listener:
    """Reads one connection for ever. The receiver hears of a lost connection as soon as a new one listens."""

    def __init__(self, endpoint: Endpoint, before: bytes, after: bytes) -> None:
        """A channel is `before` + topic + `after`."""
        self._endpoint = endpoint
        self._generation = endpoint.generation
        self._before, self._after = before, after
        self._receiver: Receiver | None = None
        self._channels: dict[bytes, Event] = {}
        self.mailboxes: dict[bytes, Callable[[bytes], None]] = {}
        self._unsent: list[bytes] = []
        self._flushing = False
        self._sending = BoundedSemaphore()  # a long command yields half-way
        self._connection: Any = None  # redis-py leaves its connections untyped
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._heard_at = monotonic()
        self.round_trips = Histogram()
        self.lag = 0.0  # seconds, of the last round trip
        self._had_connection = False
        self._is_announced = False  # the waiters for the connection know of it
        self._announced_at = 0.0
        self._answered = 0.0  # when the last ping was sent that was answered

    @property
    def is_connected(self) -> bool:
        return (
            self._connection is not None
            and self._is_announced
            and monotonic() - self._heard_at < SILENCE_SECONDS
        )

    @property
    def silence(self) -> float:
        """Seconds since anything was heard; pings make sure that there is something."""
        return monotonic() - self._heard_at

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._greenlets = [gevent.spawn(self._listen), gevent.spawn(self._watch)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)
        self._disconnect()

    def hear(self, channel: bytes, deliver: Callable[[bytes], None]) -> None:
        self.mailboxes[channel] = deliver
        self._begin(channel)

    def subscribe(self, channel: bytes) -> None:
        confirmed = self._begin(channel)
        # Without a connection there is not much to wait for; the next one subscribes to all channels.
        patience = TIMEOUT_SECONDS if self._connection is not None else RECONNECT_SECONDS * 2
        if not confirmed.wait(patience) or self._connection is None:
            raise BrokerUnavailable("Redis did not confirm a subscription")

    def _begin(self, channel: bytes) -> Event:
        confirmed = self._channels.get(channel)
        if confirmed is None:
            confirmed = self._channels[channel] = Event()
            self._send_soon(channel)
        return confirmed

    def unsubscribe(self, channel: bytes) -> None:
        if self._channels.pop(channel, None) is not None:
            self._send(self._unsubscribe, [channel])

    def routes(self, topic: str) -> list[str]:
        return [topic]

    def has_passed(self, channel: bytes, moment: float) -> bool:
        """Redis answers a ping behind all that it published before."""
        return self._announced_at <= moment < self._answered

    def reconnect(self, channel: bytes) -> None:
        self._hang_up()

    def _send_soon(self, channel: bytes) -> None:
        """Subscriptions asked for within one turn of the loop leave in one command."""
        self._unsent.append(channel)
        if not self._flushing:
            self._flushing = True
            gevent.spawn(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        channels = [channel for channel in self._unsent if channel in self._channels]
        self._unsent = []
        self._send(self._subscribe, channels)

    def _subscribe(self, connection: Any, channels: list[bytes]) -> None:
        for start in range(0, len(channels), BATCH_CHANNELS):
            connection.send_command("SUBSCRIBE", *channels[start : start + BATCH_CHANNELS])

    def _unsubscribe(self, connection: Any, channels: list[bytes]) -> None:
        connection.send_command("UNSUBSCRIBE", *channels)

    def _send(self, command: Callable[[Any, list[bytes]], None], channels: list[bytes]) -> None:
        connection = self._connection
        if connection is None or not channels:
            return  # the next connection subscribes to all of them
        try:
            with self._sending:
                command(connection, channels)
        except (RedisError, OSError):
            self._hang_up()

    def _listen(self) -> None:
        while True:
            try:
                # No read timeout applies here, so this is the one for a server that accepts and is silent.
                with gevent.Timeout(TIMEOUT_SECONDS * 2, TimeoutError("no answer to the handshake")):
                    self._connect()
                self._read_for_ever()
            except (RedisError, OSError, AttributeError, ValueError) as error:
                # The last two: the library's buffer vanished under a connection hung up meanwhile.
                log.warning("not listening to Redis: %s", type(error).__name__)
            except Exception:
                log.exception("the listener failed; it starts again")
            self._disconnect()
            gevent.sleep(RECONNECT_SECONDS)

    def _connect(self) -> None:
        # No read timeout: silence is judged by pings of its own.
        connection = self._endpoint.connect(read_seconds=None)
        self._generation = self._endpoint.generation
        try:
            self._greet(connection)
        except BaseException:
            connection.disconnect()
            raise
        self._connection, self._is_announced = connection, False
        self._heard_at = monotonic()
        with self._sending:
            if self._channels:
                self._subscribe(connection, list(self._channels))
            # The answer comes after all confirmations: from here on every channel is heard.
            connection.send_command("PING", CAUGHT_UP)

    def _greet(self, connection: Any) -> None:
        """Subscribes an unused channel: in subscriber mode pings are answered in one form."""
        connection.send_command("SUBSCRIBE", self._before + self._after)

    def _read(self, connection: Any) -> Any:
        return connection.read_response(disable_decoding=True)

    def _read_for_ever(self) -> None:
        connection = self._connection
        while connection is not None and connection is self._connection:
            answer = self._read(connection)
            self._heard_at = monotonic()
            kind = answer[0]
            if kind in MESSAGES:
                self._deliver(answer[1], answer[2])
            elif kind in CONFIRMATIONS:
                self._confirm(answer[1])
            elif kind == b"pong" and answer[1] == CAUGHT_UP:
                self._announce()
            elif kind == b"pong":
                self._time(answer[1])

    def _time(self, sent: bytes) -> None:
        """The answer came behind all events that were on their way: as late as it was, so were they."""
        self._answered = float(sent)
        self.lag = monotonic() - self._answered
        self.round_trips.observe(self.lag)

    def _announce(self) -> None:
        if self._had_connection and self._receiver is not None:
            self._receiver.interrupted()
        self._had_connection = self._is_announced = True
        self._announced_at = monotonic()

    def _confirm(self, channel: bytes) -> None:
        confirmed = self._channels.get(channel)
        if confirmed is not None:
            confirmed.set()

    def _deliver(self, channel: bytes, message: bytes) -> None:
        """`e <epoch> <offset> <payload>` is an event, `r <epoch> <offset> ` a topic that begins anew."""
        deliver = self.mailboxes.get(channel)
        if deliver is not None:
            deliver(message)
            return
        kind, epoch, offset, payload = message.split(b" ", 3)
        topic = channel[len(self._before) : -len(self._after)].decode()
        position = Position(epoch.decode(), int(offset))
        if self._receiver is None:
            return
        if kind == b"e":
            self._receiver.receive(topic, position, payload)
        elif kind == b"r":
            self._receiver.topic_reset(topic, position)

    def _watch(self) -> None:
        """Asks for a sign of life every second; a connection that gives none, or that leads to
        a server that is no longer the right one, is closed. A worker that stood still itself asks first."""
        while True:
            slept_at = monotonic()
            gevent.sleep(PING_SECONDS)
            stood_still = monotonic() - slept_at > 2 * PING_SECONDS
            if self._connection is None:
                continue
            self._endpoint.discover()
            if self._generation != self._endpoint.generation:
                self._hang_up()
            elif self.silence > SILENCE_SECONDS and not stood_still:
                log.warning("Redis is silent: connecting anew")
                self._hang_up()
            else:
                self._ping()

    def _ping(self) -> None:
        connection = self._connection
        try:
            if connection is not None:
                with self._sending:
                    connection.send_command("PING", repr(monotonic()))
        except (RedisError, OSError):
            self._hang_up()

    def _hang_up(self) -> None:
        """Wakes the reading greenlet with an error; it connects anew."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()

    def _disconnect(self) -> None:
        self._hang_up()
        for confirmed in self._channels.values():
            confirmed.clear()
