"""The goals: each a row with its figure, its limit, and whether it is met.

To add one, write a measure, put its figure into the book, and add a `Goal` here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bench import Sizes
from benchmarks.report.book import (
    ASKED_P50,
    ASKED_PER_CPU,
    BACKLOG,
    BATCHED_PER_CPU,
    BURST,
    COST,
    FAIR_P99,
    IDLE,
    IDLE_SOCKET,
    LOW_P99,
    MESSAGE_P99,
    OPENED_PER_CPU,
    P99,
    PUBLISHES,
    PUBLISHES_PER_CPU,
    PUSHES,
    RELAY_BURST_COST,
    RELAY_COST,
    USER_COST,
    Book,
    cost_at,
    notifies,
    over,
    publish_cost,
)

Figure = Callable[[Book, Sizes], float | None]


@dataclass(frozen=True)
class Goal:
    """A figure and its limit, in a unit ("×" for a ratio)."""

    what: str
    limit: float
    unit: str
    figure: Figure
    is_least: bool = False
    why: Callable[[Book], str] | None = None

    def is_met(self, figure: float) -> bool:
        return figure >= self.limit if self.is_least else figure <= self.limit


def growth_over_floor(book: Book, sizes: Sizes) -> float | None:
    """How much more a delivery costs at the largest size than at the smallest, over what the floor's does."""
    return over(growth_of(book, sizes, "hub"), growth_of(book, sizes, "floor"))


def growth_of(book: Book, sizes: Sizes, server: str) -> float | None:
    return over(book.get(server, cost_at(sizes.growth[-1])), book.get(server, cost_at(sizes.growth[0])))


def added_p99(book: Book, sizes: Sizes) -> float | None:
    """What Redis and a second worker add to the slowest hundredth at low load."""
    with_redis, alone = book.get("hub-redis", LOW_P99), book.get("hub", LOW_P99)
    return None if with_redis is None or alone is None else with_redis - alone


def topics_ratio(book: Book, sizes: Sizes) -> float | None:
    return over(book.get("hub", publish_cost(sizes.topics)), book.get("hub", publish_cost(1)))


def wakings_part(book: Book) -> str:
    """What a frame costs that the worker need not be woken for."""
    cost, burst = book.get("hub", RELAY_COST), book.get("hub", RELAY_BURST_COST)
    if cost is None or burst is None:
        return ""
    return (
        f"{burst:.1f} µs where frames come together: the other {cost - burst:.1f} are the kernel's and the"
        " loop's, to wake for each, to read it and to write it"
    )


def kernels_part(book: Book) -> str:
    """What of the hub's cost is the system calls themselves, against what the others cost in all."""
    cost, user = book.get("hub", COST), book.get("hub", USER_COST)
    floor, nchan = book.get("floor", COST), book.get("nchan", COST)
    if cost is None or user is None or floor is None or nchan is None:
        return ""
    return (
        f"{cost - user:.1f} of {cost:.1f} µs are the kernel's (sending, waking the reader), "
        f"{user:.1f} Python's; "
        f"the floor alone is {floor / nchan:.2f} × nchan's"
    )


def beyond_a_bare_view(book: Book) -> str:
    """What a publish costs more than a view that only answers."""
    hub, bare = book.get("hub", PUBLISHES_PER_CPU), book.get("bare-flask", PUBLISHES_PER_CPU)
    if hub is None or bare is None:
        return ""
    return (
        f"{1e6 / hub:.0f} µs of CPU against {1e6 / bare:.0f}: the {1e6 / hub - 1e6 / bare:.0f} more find the "
        "caller and its rights, bound the body, number and store the event, and deliver it"
    )


GOALS: tuple[Goal, ...] = (
    Goal(
        "paced fan-out: CPU per delivery, of the C floor's",
        1.3,
        "×",
        lambda b, s: b.ratio("hub", "floor", COST),
        why=kernels_part,
    ),
    Goal(
        "paced fan-out: CPU per delivery, of nchan's",
        0.7,
        "×",
        lambda b, s: b.ratio("hub", "nchan", COST),
        why=kernels_part,
    ),
    Goal("paced fan-out: p99, of nchan's", 1.0, "×", lambda b, s: b.ratio("hub", "nchan", P99)),
    Goal(
        "burst: CPU per delivery, of the paced run's",
        0.25,
        "×",
        lambda b, s: over(b.get("hub", BURST), b.get("hub", COST)),
    ),
    Goal("idle stream: memory (PSS)", 4, "KB", lambda b, s: b.get("hub", IDLE)),
    Goal("growth with subscribers, of the floor's growth", 1.2, "×", growth_over_floor),
    Goal("growth with topics: CPU per publish, of that with one", 1.1, "×", topics_ratio),
    Goal(
        "two workers over Redis: CPU per delivery, of one's",
        1.3,
        "×",
        lambda b, s: b.ratio("hub-redis", "hub", COST),
    ),
    Goal("two workers over Redis: p99 added at low load", 5, "ms", added_p99),
    Goal(
        "publishes per second, of a bare Flask view's",
        0.8,
        "×",
        lambda b, s: b.ratio("hub", "bare-flask", PUBLISHES),
        is_least=True,
        why=beyond_a_bare_view,
    ),
    Goal(
        "streams opened per second of CPU",
        1000,
        "/s",
        lambda b, s: b.get("hub", OPENED_PER_CPU),
        is_least=True,
    ),
    Goal("fairness: p99 of other requests", 20, "ms", lambda b, s: b.get("hub", FAIR_P99)),
    Goal(
        "notify with 10,000 recipients: calls per second",
        0.5,
        "/s",
        lambda b, s: b.get("hub", notifies(10_000)),
        is_least=True,
    ),
    Goal("a stream with 1,000 unread messages", 100, "ms", lambda b, s: b.get("hub", BACKLOG)),
    Goal("messages: p99 from notify to event", 20, "ms", lambda b, s: b.get("hub", MESSAGE_P99)),
    Goal(
        "pushes per second, of a bare Flask view's",
        0.8,
        "×",
        lambda b, s: b.ratio("hub", "bare-flask", PUSHES),
        is_least=True,
    ),
    Goal(
        "batches of 1,000: messages per second of CPU",
        20_000,
        "/s",
        lambda b, s: b.get("hub", BATCHED_PER_CPU),
        is_least=True,
    ),
    Goal("question and answer over a bot: p50", 2.5, "ms", lambda b, s: b.get("hub", ASKED_P50)),
    Goal(
        "questions and answers per second of CPU",
        600,
        "/s",
        lambda b, s: b.get("hub", ASKED_PER_CPU),
        is_least=True,
    ),
    Goal("relayed frame: CPU", 30, "µs", lambda b, s: b.get("hub", RELAY_COST), why=wakings_part),
    Goal("idle socket: memory (PSS)", 4, "KB", lambda b, s: b.get("hub", IDLE_SOCKET)),
)
