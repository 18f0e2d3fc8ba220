"""The tables of a run, made from its book alone."""

from benchmarks.bench import Sizes
from benchmarks.report.book import (
    ASKED_P50,
    ASKED_PER_CPU,
    BACKLOG,
    BATCHED_PER_CPU,
    BROKER_COST,
    BURST,
    COST,
    FAIR_P99,
    IDLE,
    IDLE_SOCKET,
    LOW_P99,
    MESSAGE_P99,
    OPENED,
    OPENED_PER_CPU,
    P50,
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
    publish_cost_at_random,
)
from benchmarks.report.goals import GOALS, growth_of
from benchmarks.report.table import Table, shown
from benchmarks.rivals import SERVERS

NOISE_TO_TELL = 0.05


def tables(book: Book, sizes: Sizes) -> list[Table]:
    """Everything, in the order in which it is read; tables without rows are left out."""
    all_of_them = [
        fan_out(book, sizes),
        many_streams(book, sizes),
        growth(book, sizes),
        publishing(book, sizes),
        messages(book),
    ]
    return [table for table in [*all_of_them, goals(book, sizes), absent(book)] if table.rows]


def fan_out(book: Book, sizes: Sizes) -> Table:
    table = Table(
        f"Fan-out: {sizes.subscribers:,} subscribers of one topic, {sizes.events} events of 150 bytes at "
        f"{sizes.events_per_second:g}/s, then in one burst; µs are of CPU per delivery",
        [
            "server",
            "µs",
            "of it user",
            "× floor",
            "× nchan",
            "p50 ms",
            "p99 ms",
            "× nchan",
            "burst µs",
            "× floor",
            "× nchan",
        ],
    )
    for key, server in SERVERS.items():
        if book.get(key, COST) is not None:
            cells = [
                book.get(key, COST),
                book.get(key, USER_COST),
                book.ratio(key, "floor", COST),
                book.ratio(key, "nchan", COST),
                book.get(key, P50),
                book.get(key, P99),
                book.ratio(key, "nchan", P99),
                book.get(key, BURST),
                book.ratio(key, "floor", BURST),
                book.ratio(key, "nchan", BURST),
            ]
            table.rows.append([server.label, *map(shown, cells)])
    return table


def many_streams(book: Book, sizes: Sizes) -> Table:
    table = Table(
        f"{sizes.streams:,} idle streams: memory of the server's processes (PSS) for each, and opening them",
        ["server", "KB", "× nchan", "opened per CPU second", "× nchan", "opened per second"],
    )
    for key, server in SERVERS.items():
        if book.get(key, IDLE) is not None:
            cells = [
                book.get(key, IDLE),
                book.ratio(key, "nchan", IDLE),
                book.get(key, OPENED_PER_CPU),
                book.ratio(key, "nchan", OPENED_PER_CPU),
                book.get(key, OPENED),
            ]
            table.rows.append([server.label, *map(shown, cells)])
    return table


def growth(book: Book, sizes: Sizes) -> Table:
    counts = sorted({*sizes.growth, sizes.streams})
    table = Table(
        "Growth: CPU µs per delivery by number of subscribers, 20,000 deliveries a second",
        ["server", *[f"{count:,}" for count in counts], "last / first", "× floor"],
    )
    for key, server in SERVERS.items():
        costs = [book.get(key, cost_at(count)) for count in counts]
        if any(cost is not None for cost in costs):
            grown = growth_of(book, sizes, key)
            against = over(grown, growth_of(book, sizes, "floor"))
            table.rows.append([server.label, *map(shown, [*costs, grown, against])])
    return table


def publishing(book: Book, sizes: Sizes) -> Table:
    table = Table("Publishing, topics, company, the gateway", ["what", "figure", "unit"])
    fan_out_to = f"while an event goes to {sizes.streams:,} streams twice a second"
    for words, server, measure in (
        ("POST /sse/notify, one subscriber", "hub", PUBLISHES),
        ("a bare Flask JSON view under the same gunicorn", "bare-flask", PUBLISHES),
        ("POST /sse/notify, by CPU second", "hub", PUBLISHES_PER_CPU),
        ("the bare view, by CPU second", "bare-flask", PUBLISHES_PER_CPU),
        ("CPU of a publish, 1 topic with 1 subscriber", "hub", publish_cost(1)),
        (f"CPU of a publish, one of {sizes.topics:,} such topics", "hub", publish_cost(sizes.topics)),
        (f"CPU of a publish, {sizes.topics:,} topics at random", "hub", publish_cost_at_random(sizes.topics)),
        (f"p99 at low load, {sizes.low_subscribers} subscribers, 1 worker", "hub", LOW_P99),
        (f"p99 at low load, {sizes.low_subscribers} subscribers, 2 workers over Redis", "hub-redis", LOW_P99),
        ("CPU of Redis itself per delivery", "hub-redis", BROKER_COST),
        (f"p99 of GET /health/live {fan_out_to}", "hub", FAIR_P99),
        ("POST /sse/push, one socket", "hub", PUSHES),
        ("a bare Flask JSON view that is sent the same", "bare-flask", PUSHES),
        ("POST /sse/push/batch of 1,000: messages by CPU second", "hub", BATCHED_PER_CPU),
        ("POST /sse/send to a bot that answers once: p50", "hub", ASKED_P50),
        ("the same by CPU second", "hub", ASKED_PER_CPU),
        ("CPU of a frame relayed from a bot to a stream, one by one", "hub", RELAY_COST),
        ("the same, sent as fast as the bot can", "hub", RELAY_BURST_COST),
        (f"memory of one of {sizes.sockets:,} idle sockets", "hub", IDLE_SOCKET),
    ):
        figure = book.get(server, measure)
        if figure is not None:
            table.rows.append([words, shown(figure), measure.unit])
    return table


def messages(book: Book) -> Table:
    table = Table("Messages to recipients (one worker, SQLite)", ["what", "figure", "unit"])
    for words, measure in (
        ("POST /api/message/notify, 1 recipient", notifies(1)),
        ("POST /api/message/notify, 100 recipients", notifies(100)),
        ("POST /api/message/notify, 10,000 recipients", notifies(10_000)),
        ("a stream with 1,000 unread messages: until the last one is read", BACKLOG),
        ("p99 from calling notify to reading the event, 100 streams, 50 messages a second", MESSAGE_P99),
    ):
        figure = book.get("hub", measure)
        if figure is not None:
            table.rows.append([words, shown(figure), measure.unit])
    return table


def goals(book: Book, sizes: Sizes) -> Table:
    table = Table("Goals", ["what", "figure", "goal", "", "where the time goes"])
    for goal in GOALS:
        figure = goal.figure(book, sizes)
        verdict = "not measured" if figure is None else "met" if goal.is_met(figure) else "missed"
        limit = f"{'≥' if goal.is_least else '≤'} {goal.limit:,g} {goal.unit}"
        why = goal.why(book) if verdict == "missed" and goal.why is not None else ""
        table.rows.append([goal.what, shown(figure), limit, verdict, why])
    return table


def remarks(book: Book) -> list[str]:
    """Remarks without which the figures may mislead."""
    disturbed = [share for share in book.others.values() if share > NOISE_TO_TELL]
    if not disturbed:
        return book.notes
    return [
        *book.notes,
        f"{len(disturbed)} of {len(book.others)} steps were disturbed: other processes took more than "
        f"{NOISE_TO_TELL:.0%} of the machine's CPU time, {max(disturbed):.0%} at worst",
    ]


def absent(book: Book) -> Table:
    table = Table("Not measured", ["server", "why"])
    table.rows = [[SERVERS[key].label, why] for key, why in book.absent.items()]
    return table
