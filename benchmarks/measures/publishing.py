"""How many events a second can be published: the hub against a bare view under the same gunicorn."""

from contextlib import ExitStack
from itertools import repeat

from benchmarks.bench import Bench
from benchmarks.harness.schedule import Flooded, Pool, flood
from benchmarks.measures.delivery import DeliveryFailed, event_body
from benchmarks.report.book import PUBLISHES, PUBLISHES_PER_CPU
from benchmarks.rivals.bare_flask import BareFlask
from benchmarks.rivals.base import Server
from benchmarks.rivals.hub import MeasuredHub
from tests.support import usage

WARM_UP_SECONDS = 0.5
ROUNDS_PER_REPETITION = 2


def measure(bench: Bench) -> None:
    """Both run all the time and are asked in turn, so that noise hits both. The hub has one subscriber."""
    hub, bare = MeasuredHub(), BareFlask()
    with ExitStack() as stack:
        for server in (hub, bare):
            stack.enter_context(bench.running(server))
        stack.enter_context(bench.load(hub)).open(1)
        for server in (hub, bare):
            publish_on(bench, server, WARM_UP_SECONDS)
        for _ in range(ROUNDS_PER_REPETITION * bench.sizes.repetitions):
            for server in (hub, bare):
                flooded, cpu_seconds = publish_on(bench, server, bench.sizes.flood_seconds)
                bench.book.add(server.key, PUBLISHES, flooded.per_second)
                bench.book.add(server.key, PUBLISHES_PER_CPU, flooded.good / cpu_seconds)


def publish_on(bench: Bench, server: Server, seconds: float) -> tuple[Flooded, float]:
    """Publish as fast as answers come, on keep-alive connections; with the CPU seconds that it took."""
    wires = (server.publish(event_body()) for _ in repeat(None))
    with Pool(server.port, bench.sizes.flood_connections) as pool:
        before = usage.cpu_ns(server.pids())
        flooded = flood(pool, wires, seconds=seconds)
        spent = usage.cpu_ns(server.pids()) - before
    if flooded.bad:
        raise DeliveryFailed(f"{server.label}: {flooded.bad} publishes failed, {flooded.good} did not")
    return flooded, spent / 1e9
