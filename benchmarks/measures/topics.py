"""Whether a publish costs more when there are more topics, each with one subscriber."""

import random
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.harness.schedule import Pool, flood
from benchmarks.measures.delivery import DeliveryFailed, event_body
from benchmarks.report.book import publish_cost, publish_cost_at_random
from benchmarks.rivals.hub import MeasuredHub, notify_path, stream_path
from tests.support import usage


def measure(bench: Bench) -> None:
    """The same hub, first with one topic in use, then with many: one of them, and all at random."""
    sizes = bench.sizes
    hub = MeasuredHub()
    with bench.running(hub):
        with bench.load(hub) as load:
            load.open(1)
            cost = cpu_per_publish(bench, hub, [hub.publish_path])
            bench.book.add(hub.key, publish_cost(1), cost)
        topics = list(hub.make_topics(sizes.topics, sizes.topic_seconds))
        if len(topics) < sizes.topics:
            bench.book.note(f"{len(topics)} of {sizes.topics} topics made in {sizes.topic_seconds:.0f} s")
        with bench.load(hub, [stream_path(topic) for topic in topics]) as load:
            load.open(len(topics))
            paths = [notify_path(topic) for topic in topics]
            cost = cpu_per_publish(bench, hub, paths[:1])
            bench.book.add(hub.key, publish_cost(sizes.topics), cost)
            cost = cpu_per_publish(bench, hub, paths)
            bench.book.add(hub.key, publish_cost_at_random(sizes.topics), cost)


def cpu_per_publish(bench: Bench, hub: MeasuredHub, paths: list[str]) -> float:
    """Microseconds of CPU for one publish, to paths taken at random, as fast as they are answered."""
    with Pool(hub.port, bench.sizes.flood_connections) as pool:
        flood(pool, _publishing(hub, paths), seconds=0.5)
        before = usage.cpu_ns(hub.pids())
        flooded = flood(pool, _publishing(hub, paths), seconds=bench.sizes.flood_seconds)
        spent = usage.cpu_ns(hub.pids()) - before
    if flooded.bad or not flooded.good:
        raise DeliveryFailed(f"{flooded.bad} publishes failed, {flooded.good} did not")
    return spent / 1000 / flooded.good


def _publishing(hub: MeasuredHub, paths: list[str]) -> Iterator[bytes]:
    chance = random.Random(1)
    while True:
        yield hub.publish_on(chance.choice(paths), event_body())
