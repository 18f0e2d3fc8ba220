"""The notification hub: calls of `notify`, opening an inbox with a backlog, how soon a message arrives."""

import random
import socket
import time
from itertools import count

from benchmarks.bench import Bench
from benchmarks.harness.readers import TIMEOUT_SECONDS, Readers, stamp, stamps
from benchmarks.harness.schedule import Pool, every, fire, flood
from benchmarks.measures.delivery import DeliveryFailed
from benchmarks.report.book import BACKLOG, MESSAGE_P99, notifies
from benchmarks.rivals.message_hub import MessageHub

SIZES = (1, 100, 10_000)
BACKLOG_MESSAGES = 1_000
OPENINGS = 20
READERS = 100
PER_SECOND = 50


def measure(bench: Bench) -> None:
    """A new hub for each, because the size of its database has a part in it."""
    for ask in (per_second, backlog, latency):
        hub = MessageHub()
        with bench.running(hub):
            ask(bench, hub)


def per_second(bench: Bench, hub: MessageHub) -> None:
    """Calls of `notify` as fast as answers come, on keep-alive connections, without subscribers."""
    for size in SIZES:
        users = [f"user-{number}" for number in range(size)]
        wires = (hub.notify(users, f"message {number}") for number in count())
        with Pool(hub.port, bench.sizes.flood_connections if size < SIZES[-1] else 1) as pool:
            flooded = flood(pool, wires, seconds=bench.sizes.flood_seconds)
        if flooded.bad:
            raise DeliveryFailed(f"{flooded.bad} calls with {size} recipients failed")
        bench.book.add(hub.key, notifies(size), flooded.per_second)


def backlog(bench: Bench, hub: MessageHub) -> None:
    """From asking for the stream to having read the last of what was unread."""
    with Pool(hub.port, 4) as pool:
        flood(pool, (hub.notify(["dora"], stamp()) for _ in range(BACKLOG_MESSAGES)), seconds=60)
    wire = hub.inbox("dora")
    for _ in range(OPENINGS):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", hub.port), TIMEOUT_SECONDS) as stream:
            stream.sendall(wire)
            read_all(stream, BACKLOG_MESSAGES)
        bench.book.add(hub.key, BACKLOG, (time.monotonic() - began) * 1000)


def read_all(stream: socket.socket, events: int) -> None:
    received, tail = 0, b""
    while received < events:
        data = stream.recv(262_144)
        if not data:
            raise DeliveryFailed(f"{received} of {events} messages, then the end")
        found, tail = stamps(tail, data)
        received += len(found)


def latency(bench: Bench, hub: MessageHub) -> None:
    """The slowest hundredth, from just before `notify` is called to when a recipient has read the event."""
    chance = random.Random(1)
    users = [f"user-{number}" for number in range(READERS)]
    messages = round(PER_SECOND * bench.sizes.fair_seconds)
    shots = every(1 / PER_SECOND, messages, lambda: hub.notify([chance.choice(users)], stamp()))
    with Readers(hub.port, [hub.inbox(user) for user in users]) as readers, Pool(hub.port, 4) as pool:
        fire(pool, shots)
        readers.wait(messages)
    times = sorted(readers.milliseconds)
    if len(times) < messages:
        raise DeliveryFailed(f"{len(times)} of {messages} messages arrived")
    bench.book.add(hub.key, MESSAGE_P99, times[int(0.99 * (len(times) - 1))])
