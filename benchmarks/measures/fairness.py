"""What others feel while an event goes to very many streams of the same worker."""

from benchmarks.bench import Bench
from benchmarks.harness.http import request
from benchmarks.harness.schedule import every
from benchmarks.measures.delivery import publishing, spend
from benchmarks.report.book import FAIR_P99
from benchmarks.rivals.hub import MeasuredHub

EVENTS_PER_SECOND = 2
OTHERS_PER_SECOND = 100
CONNECTIONS = 8


def measure(bench: Bench) -> None:
    """GET /health/live at a steady pace, timed from when each was due, under a fan-out twice a second."""
    seconds = bench.sizes.fair_seconds
    hub = MeasuredHub()
    with bench.running(hub), bench.load(hub) as load:
        load.yield_to_others()
        live = load.open(bench.sizes.streams).live
        events = round(EVENTS_PER_SECOND * seconds)
        others = every(
            1 / OTHERS_PER_SECOND,
            round(OTHERS_PER_SECOND * seconds),
            lambda: request("GET", "/health/live"),
            "other",
        )
        fan_out = every(1 / EVENTS_PER_SECOND, events, publishing(hub), "event")
        spent = spend(hub, load, others + fan_out, deliveries=live * events, connections=CONNECTIONS)
    times = sorted(outcome.seconds for outcome in spent.outcomes if outcome.kind == "other")
    bench.book.add(hub.key, FAIR_P99, 1000 * times[int(0.99 * (len(times) - 1))])
