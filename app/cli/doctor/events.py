"""Checks the broker: do events arrive, how fast, and does Redis keep what it should."""

from collections.abc import Iterator
from contextlib import suppress
from secrets import token_hex
from time import monotonic, time
from typing import Any

import gevent
from flask import current_app
from gevent.event import AsyncResult
from redis.exceptions import RedisError

from app.cli.doctor import clocks
from app.cli.doctor.findings import Finding, fine, first_line, judged, odd, wrong
from app.cli.terminal import amount, duration
from app.realtime.broker import make_broker
from app.realtime.broker.base import Broker, BrokerUnavailable, HistoryLimits
from app.realtime.broker.redis.cluster_slots import Cluster
from app.realtime.broker.redis.servers import Endpoint, SentinelMaster, StandaloneServer
from app.realtime.broker.redis.url import RedisUrl, read_url
from app.realtime.event import Event, Position, pack
from app.realtime.topics import TopicKind

EVENTS = 20
PATIENCE_SECONDS = 3.0
SLOW_SECONDS = 0.05
FULL = 0.9
REACH = "Check that Redis runs and that REDIS_URL names it."
KIND = "doctor"  # the kind of the topics that the check publishes to
Info = dict[str, str]


def check() -> Iterator[Finding]:
    url = current_app.config["REDIS_URL"]
    broker = _broker()
    try:
        yield _round_trip(broker)
    except (BrokerUnavailable, gevent.Timeout) as error:
        yield wrong("round trip", _why(error), REACH)
    finally:
        broker.stop()
    if url:
        yield from _servers(read_url(url))


def forget_topic(topic: str) -> None:
    """Removes all of the topic from Redis."""
    broker = _broker()
    try:
        with suppress(BrokerUnavailable):
            broker.start(EventReceiver())
            broker.forget(topic)
    finally:
        broker.stop()


def _broker() -> Broker:
    config = current_app.config
    broker = make_broker(config["REDIS_URL"], HistoryLimits(), config["REDIS_PREFIX"])
    broker.kinds.add(TopicKind(KIND, is_brief=True))
    return broker


class EventReceiver:
    """Receives the events of one topic from the broker."""

    def __init__(self) -> None:
        self.received: AsyncResult[float] = AsyncResult()

    def receive(self, topic: str, position: Position, payload: bytes) -> None:
        self.received.set(monotonic())

    def topic_reset(self, topic: str, position: Position) -> None:
        """Ignored: only this check uses the topic."""

    def interrupted(self) -> None:
        """A missed event counts as not received."""


def _round_trip(broker: Broker) -> Finding:
    """Publishes events one by one and waits for each to arrive, as in a worker."""
    receiver, topic = EventReceiver(), f"{KIND}:{token_hex(8)}"
    times: list[float] = []
    with gevent.Timeout(PATIENCE_SECONDS):
        broker.start(receiver)
        broker.subscribe(topic)
        broker.top(topic)
    try:
        for number in range(EVENTS):
            receiver.received = AsyncResult()
            with gevent.Timeout(PATIENCE_SECONDS):
                began = monotonic()
                broker.publish(topic, pack(Event("doctor")), f"{topic}-{number}")
                received_at = receiver.received.get() or began
                times.append(received_at - began)
    except gevent.Timeout:
        seen = f"{len(times)} of {EVENTS} events were heard"
        return wrong("round trip", seen, "Redis takes commands, but its pub/sub does not reach this machine.")
    finally:
        broker.unsubscribe(topic)
        broker.forget(topic)
    times.sort()
    seen = f"publish to hear takes {duration(times[len(times) // 2])}, at worst {duration(times[-1])}"
    if broker.store is None:
        return fine("round trip", f"{seen}, within this process; of the hub that runs see below")
    advice = "All events wait that long: bring Redis nearer, and see whether it or its network is busy."
    return judged("round trip", seen, advice, times[len(times) // 2] > SLOW_SECONDS)


def _why(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, gevent.Timeout) else first_line(error)


def _servers(url: RedisUrl) -> Iterator[Finding]:
    for name, place in _places(url):
        try:
            connection = place.connect()
        except (RedisError, OSError) as error:
            yield wrong(name, first_line(error), REACH)
            continue
        try:
            yield from _server(name, connection, url.kind == "cluster")
        except RedisError as error:
            advice = "Allow the hub's Redis user INFO and TIME, which this asks for."
            yield odd(name, first_line(error), advice)
        finally:
            connection.disconnect()


def _places(url: RedisUrl) -> list[tuple[str, Endpoint]]:
    if url.kind == "server":
        return [("Redis", StandaloneServer(url.server))]
    if url.kind == "sentinel":
        return [("Redis", SentinelMaster(url))]
    cluster = Cluster(url)
    cluster.start()
    try:
        cluster.owner(b"")
        return [(f"{it.host}:{it.port}", cluster.server(it)) for it in sorted(cluster.masters)]
    finally:
        cluster.stop()


def _server(name: str, connection: Any, is_cluster: bool) -> Iterator[Finding]:
    before = time()
    seconds, micros = _ask(connection, "TIME")
    after = time()
    lines = _ask(connection, "INFO").decode().splitlines()
    info: Info = dict(line.split(":", 1) for line in lines if ":" in line)
    yield _version(name, info, is_cluster)
    yield from _keeping(info)
    clients, most = int(info.get("connected_clients", 0)), int(info.get("maxclients", 0))
    if most and clients > most * FULL:
        yield odd("clients", f"{clients} of {most} are connected", "Raise maxclients.")
    yield clocks.compared("clock", int(seconds) + int(micros) / 1e6, before, after)


def _version(name: str, info: Info, is_cluster: bool) -> Finding:
    version = info.get("redis_version", "0")
    seen = f"version {version}, {info.get('role', 'unknown role')}"
    if info.get("role") == "slave":
        return wrong(name, seen, "A replica can't be written: name the master in REDIS_URL.")
    is_old = int(version.partition(".")[0] or 0) < 7
    if is_cluster:
        advice = "From Redis 7 on channels are sharded: before, every node tells every other of each event."
        return judged(name, f"{seen}, {'plain' if is_old else 'sharded'} pub/sub", advice, is_old)
    return fine(name, seen)


def _keeping(info: Info) -> Iterator[Finding]:
    """Memory and disk."""
    policy, most = info.get("maxmemory_policy", "unknown"), int(info.get("maxmemory", 0))
    used = int(info.get("used_memory", 0))
    seen = f"{amount(used)} used of {amount(most) if most else 'all there is'}, {policy}"
    if policy != "noeviction":
        advice = (
            "CONFIG SET maxmemory-policy noeviction: else a full Redis forgets topics and leases unnoticed."
        )
        yield (wrong if most else odd)("memory", seen, advice)
    elif most and used > most * FULL:
        yield odd("memory", seen, "Raise maxmemory: a full Redis refuses events, and publishing answers 503.")
    else:
        advice = "Set maxmemory to what Redis may take (docs/operate/sizing.md): else it takes the machine's."
        yield judged("memory", seen, advice, not most and current_app.config["IS_PRODUCTION"])
    if info.get("rdb_last_bgsave_status", "ok") != "ok" or info.get("aof_last_write_status", "ok") != "ok":
        advice = "See its log and its disk: it may refuse every write until that works."
        yield wrong("persistence", "the last save failed", advice)
    elif info.get("aof_enabled") == "1":
        yield fine("persistence", "append-only file: histories outlive a restart as far as it was synced")
    else:
        yield fine("persistence", "no append-only file: readers reload their state after a restart")


def _ask(connection: Any, *command: str) -> Any:
    connection.send_command(*command)
    return connection.read_response(disable_decoding=True)
