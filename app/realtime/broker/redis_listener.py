"""The subscription connection of a worker: channels on demand, resubscribed after every loss."""

import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import gevent
from gevent.event import Event
from gevent.lock import BoundedSemaphore
from redis.exceptions import RedisError

from app.realtime.broker.base import BrokerUnavailable, Receiver
from app.realtime.broker.redis_connection import (
    RECONNECT_SECONDS,
    TIMEOUT_SECONDS,
    connection_pool,
    make_connection,
)
from app.realtime.event import Position
from app.realtime.meters import Histogram

log = logging.getLogger(__name__)

PING_SECONDS = 1.0
SILENCE_SECONDS = 4.0
BATCH_CHANNELS = 500
CAUGHT_UP = b"caught-up"


class Listener:
    """Reads one connection for ever. A lost one is told to the receiver as soon as a new one listens."""

    def __init__(self, url: str, before: bytes, after: bytes) -> None:
        """A channel is `before` + topic + `after`."""
        # No read timeout: silence is judged by pings of its own.
        self._pool = connection_pool(url, socket_timeout=None)
        self._before, self._after = before, after
        self._receiver: Receiver | None = None
        self._channels: dict[bytes, Event] = {}
        self._mailboxes: dict[bytes, Callable[[bytes], None]] = {}
        self._unsent: list[bytes] = []
        self._flushing = False
        self._sending = BoundedSemaphore()  # a long command yields half-way
        self._connection: Any = None  # redis-py leaves its connections untyped
        self._greenlets: list[gevent.Greenlet[..., None]] = []
        self._heard_at = monotonic()
        self.round_trips = Histogram()
        self.lag = 0.0  # seconds, of the last round trip
        self._had_connection = False
        self._is_announced = False  # whoever waits for the connection knows of it

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
        """Whatever is published there goes to `deliver` as it is; returns at once."""
        self._mailboxes[channel] = deliver
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
            self._send("UNSUBSCRIBE", [channel])

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
        for start in range(0, len(channels), BATCH_CHANNELS):
            self._send("SUBSCRIBE", channels[start : start + BATCH_CHANNELS])

    def _send(self, command: str, channels: list[bytes]) -> None:
        connection = self._connection
        if connection is None or not channels:
            return  # the next connection subscribes to all of them
        try:
            with self._sending:
                connection.send_command(command, *channels)
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
        connection = make_connection(self._pool)
        try:
            connection.connect()
        except BaseException:
            connection.disconnect()
            raise
        self._connection, self._is_announced = connection, False
        self._heard_at = monotonic()
        # One channel nobody uses puts the connection into subscriber mode, where pings answer alike.
        channels = [self._before + self._after, *self._channels]
        with self._sending:
            for start in range(0, len(channels), BATCH_CHANNELS):
                connection.send_command("SUBSCRIBE", *channels[start : start + BATCH_CHANNELS])
            # The answer comes after all confirmations: from here on every channel is heard.
            connection.send_command("PING", CAUGHT_UP)

    def _read_for_ever(self) -> None:
        connection = self._connection
        while connection is not None and connection is self._connection:
            answer = connection.read_response(disable_decoding=True)
            self._heard_at = monotonic()
            kind = answer[0]
            if kind == b"message":
                self._deliver(answer[1], answer[2])
            elif kind == b"subscribe":
                self._confirm(answer[1])
            elif kind == b"pong" and answer[1] == CAUGHT_UP:
                self._announce()
            elif kind == b"pong":
                self._time(answer[1])

    def _time(self, sent: bytes) -> None:
        """The answer came behind all events that were on their way: as late as it was, so were they."""
        self.lag = monotonic() - float(sent)
        self.round_trips.observe(self.lag)

    def _announce(self) -> None:
        if self._had_connection and self._receiver is not None:
            self._receiver.interrupted()
        self._had_connection = self._is_announced = True

    def _confirm(self, channel: bytes) -> None:
        confirmed = self._channels.get(channel)
        if confirmed is not None:
            confirmed.set()

    def _deliver(self, channel: bytes, message: bytes) -> None:
        """`e <epoch> <offset> <payload>` is an event, `r <epoch> <offset> ` a topic that begins anew."""
        deliver = self._mailboxes.get(channel)
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
        """Asks for a sign of life every second; a connection that gives none is hung up."""
        while True:
            gevent.sleep(PING_SECONDS)
            if self._connection is None:
                continue
            if monotonic() - self._heard_at > SILENCE_SECONDS:
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
