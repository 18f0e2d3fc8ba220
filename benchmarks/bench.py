"""What a run is given: its sizes, the cores, the book it writes into, and how long it may take."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.harness.load import Load
from benchmarks.harness.machine import Cores
from benchmarks.report.book import Book
from benchmarks.rivals.base import Server, running


@dataclass(frozen=True)
class Sizes:
    """How much of everything. Times are seconds."""

    repetitions: int = 3
    subscribers: int = 1_000
    events: int = 100
    events_per_second: float = 20
    low_subscribers: int = 100
    low_events: int = 50
    low_events_per_second: float = 20
    growth: tuple[int, ...] = (1_000, 5_000, 10_000, 15_000)
    growth_seconds: float = 5
    streams: int = 10_000
    topics: int = 10_000
    topic_seconds: float = 45
    flood_seconds: float = 2
    flood_connections: int = 16
    fair_seconds: float = 10
    sockets: int = 5_000


QUICK = Sizes(
    repetitions=1,
    events=40,
    low_events=20,
    growth=(1_000, 2_000),
    growth_seconds=2,
    streams=2_000,
    topics=500,
    topic_seconds=10,
    flood_seconds=1,
    fair_seconds=3,
    sockets=500,
)


@dataclass
class Bench:
    sizes: Sizes
    cores: Cores
    deadline: float
    book: Book = field(default_factory=Book)
    is_interrupted: bool = False

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    @contextmanager
    def running(self, server: Server) -> Iterator[Server]:
        with running(server, self.cores.server) as started:
            yield started

    def load(self, server: Server, path: str | list[str] | None = None) -> Load:
        """A load client for this server, on the other core."""
        return Load(server.port, path or server.subscribe_path, server.headers, core=self.cores.client)


def say(text: str) -> None:
    """Progress; the tables alone go to standard output."""
    print(text, file=sys.stderr, flush=True)
