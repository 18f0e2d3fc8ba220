"""Fan-out of one topic: the paced run, the burst, and the run at low load."""

from benchmarks.bench import Bench
from benchmarks.harness.load import Load
from benchmarks.harness.schedule import every
from benchmarks.measures.delivery import Spent, publishing, spend
from benchmarks.report.book import BROKER_COST, BURST, COST, LOW_P99, P50, P99, USER_COST
from benchmarks.rivals.base import Server

BURST_CONNECTIONS = 100


def measure(bench: Bench, server: Server, *, low_load: bool = False) -> None:
    """One repetition: paced, then a burst, on the same streams."""
    sizes, book = bench.sizes, bench.book
    with bench.running(server), bench.load(server) as load:
        if low_load:
            load.open(sizes.low_subscribers)
            spent = paced(server, load, sizes.low_subscribers, sizes.low_events, sizes.low_events_per_second)
            book.add(server.key, LOW_P99, spent.report.p99_ms)
        open_to(bench, server, load, sizes.subscribers, low_load)
        spent = paced(server, load, sizes.subscribers, sizes.events, sizes.events_per_second)
        book.add(server.key, COST, spent.us_per_delivery)
        book.add(server.key, USER_COST, spent.us_per_delivery * spent.user_share)
        book.add(server.key, P50, spent.report.p50_ms)
        book.add(server.key, P99, spent.report.p99_ms)
        if server.companions():
            book.add(server.key, BROKER_COST, spent.companions_us_per_delivery)
        tell_losses(bench, server, "paced run", spent)
        spent = burst(server, load, sizes.subscribers, sizes.events)
        book.add(server.key, BURST, spent.us_per_delivery)
        tell_losses(bench, server, "burst", spent)


def open_to(bench: Bench, server: Server, load: Load, wanted: int, low_load: bool) -> None:
    """Open what is missing."""
    opened = load.open(wanted - (bench.sizes.low_subscribers if low_load else 0))
    if opened.live < wanted:
        bench.book.note(f"{server.label}: {opened.live} of {wanted} streams could be opened")


def paced(server: Server, load: Load, subscribers: int, events: int, per_second: float) -> Spent:
    """Events at a steady pace."""
    shots = every(1 / per_second, events, publishing(server))
    return spend(server, load, shots, deliveries=subscribers * events)


def burst(server: Server, load: Load, subscribers: int, events: int) -> Spent:
    """All events at once, over connections that are open already."""
    shots = every(0, events, publishing(server))
    return spend(server, load, shots, deliveries=subscribers * events, connections=BURST_CONNECTIONS)


def tell_losses(bench: Bench, server: Server, run: str, spent: Spent) -> None:
    if spent.lost:
        bench.book.note(f"{server.label}, {run}: {spent.lost} of {spent.expected} deliveries never came")
