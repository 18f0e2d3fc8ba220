"""Many streams: what an idle one weighs, how fast they open, how the cost of a delivery grows with them."""

import time

from benchmarks.bench import Bench
from benchmarks.harness.load import Load
from benchmarks.measures.delivery import DeliveryFailed
from benchmarks.measures.fanout import paced, tell_losses
from benchmarks.report.book import IDLE, OPENED, OPENED_PER_CPU, cost_at
from benchmarks.rivals.base import Server
from tests.support import usage

WARM_UP = 200
SETTLE_SECONDS = 2
DELIVERIES_PER_SECOND = 20_000  # at every size, so that the server is as busy at each


def opening(bench: Bench, server: Server, load: Load) -> int:
    """Memory and time of opening the streams, with nothing published. Returns how many are open."""
    load.open(WARM_UP)
    load.close(WARM_UP)
    time.sleep(SETTLE_SECONDS)
    pids = server.pids()
    memory, cpu = usage.pss_bytes(pids), usage.cpu_ns(pids)
    opened = load.open(bench.sizes.streams)
    cpu_seconds = (usage.cpu_ns(server.pids()) - cpu) / 1e9
    time.sleep(SETTLE_SECONDS)
    grown = usage.pss_bytes(server.pids()) - memory
    if opened.live < bench.sizes.streams:
        bench.book.note(f"{server.label}: {opened.live} of {bench.sizes.streams} streams could be opened")
    if not opened.live:
        raise DeliveryFailed("no stream could be opened")
    bench.book.add(server.key, IDLE, grown / 1024 / opened.live)
    bench.book.add(server.key, OPENED_PER_CPU, opened.live / cpu_seconds)
    bench.book.add(server.key, OPENED, opened.live / opened.seconds)
    return opened.live


def idle(bench: Bench, server: Server) -> None:
    """Idle streams, then what a delivery costs with that many."""
    with bench.running(server), bench.load(server) as load:
        live = opening(bench, server, load)
        cost(bench, server, load, live)


def growth(bench: Bench, server: Server) -> None:
    """The cost of a delivery at every size, from few to many streams of one server."""
    with bench.running(server), bench.load(server) as load:
        live = 0
        for size in bench.sizes.growth:
            live = load.open(size - live).live
            if live < size:
                bench.book.note(f"{server.label}: {live} of {size} streams could be opened")
                return
            cost(bench, server, load, live)


def cost(bench: Bench, server: Server, load: Load, live: int) -> None:
    """One figure of the growth."""
    per_second = DELIVERIES_PER_SECOND / live
    events = max(round(per_second * bench.sizes.growth_seconds), 5)
    spent = paced(server, load, live, events, per_second)
    bench.book.add(server.key, cost_at(live), spent.us_per_delivery)
    tell_losses(bench, server, f"{live} streams", spent)
