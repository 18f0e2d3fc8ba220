"""Publishing to open streams and counting what it took: the step that most measures are made of."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.harness.load import Load, Report
from benchmarks.harness.schedule import Pool, Shot, TimedAnswer, fire
from benchmarks.rivals.base import Server
from tests.support import usage

EVENT_BYTES = 150
PATIENCE_SECONDS = 20
_numbers = itertools.count()


def event_body() -> bytes:
    """An event of about 150 bytes, stamped with the present nanosecond."""
    head = b'{"t":%d,"number":%d,"text":"' % (time.time_ns(), next(_numbers))
    return head + b"x" * (EVENT_BYTES - len(head) - 2) + b'"}'


def publishing(server: Server) -> Callable[[], bytes]:
    """What makes the next publishing request of a schedule."""
    return lambda: server.publish(event_body())


@dataclass(frozen=True)
class Spent:
    """What a schedule of requests cost: CPU time of the server and of its companions, in nanoseconds."""

    report: Report
    expected: int
    outcomes: list[TimedAnswer]
    cpu_ns: int
    companions_ns: int
    user_share: float

    @property
    def us_per_delivery(self) -> float:
        return self.cpu_ns / 1000 / max(self.report.events, 1)

    @property
    def companions_us_per_delivery(self) -> float:
        return self.companions_ns / 1000 / max(self.report.events, 1)

    @property
    def lost(self) -> int:
        """Deliveries that were due and didn't come."""
        return self.expected - self.report.events

    @property
    def failed(self) -> int:
        """Requests that were not answered well."""
        return sum(not outcome.answer.is_good for outcome in self.outcomes)


class DeliveryFailed(Exception):
    """A server answered its publishers badly, or nothing arrived: there is no figure."""


def spend(
    server: Server, load: Load, shots: Sequence[Shot], *, deliveries: int, connections: int = 1
) -> Spent:
    """Send the schedule and wait for the last delivery. Connections are made before the clocks are read."""
    with Pool(server.port, connections) as pool:
        time.sleep(0.2)  # the server takes its new connections
        load.reset()
        pids, others = server.pids(), [pid for group in server.companions().values() for pid in group]
        before, others_before = usage.cpu_ns(pids), usage.cpu_ns(others)
        user_before, all_before = usage.user_ticks(pids)
        outcomes = fire(pool, shots)
        report = load.wait(deliveries, PATIENCE_SECONDS)
        user, total = usage.user_ticks(server.pids())
        spent = Spent(
            report,
            deliveries,
            outcomes,
            usage.cpu_ns(server.pids()) - before,
            usage.cpu_ns(others) - others_before,
            (user - user_before) / max(total - all_before, 1),
        )
    if report.events == 0 or spent.failed:
        answer = next((o.answer for o in outcomes if not o.answer.is_good), None)
        raise DeliveryFailed(f"{report.events} of {deliveries} deliveries; {answer or 'all published'}")
    return spent
