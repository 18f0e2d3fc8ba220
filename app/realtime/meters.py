"""What a worker counts: plain numbers, so that counting costs nothing. The metrics read them.

Reasons, codes and outcomes come from fixed sets; nothing here is ever keyed by a topic or a user.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets of a histogram of times; one more bucket takes what is above."""


class Histogram:
    """Observations in buckets, as Prometheus has them; `counts` are not cumulative."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def add(self, other: "Histogram") -> None:
        """The observations of another one with the same bounds."""
        self.counts = [mine + its for mine, its in zip(self.counts, other.counts, strict=True)]
        self.total += other.total


@dataclass(slots=True)
class Meters:
    """Totals since the worker began."""

    published: int = 0
    publish_failures: int = 0
    reconnections: int = 0  # streams opened with a cursor
    verdicts: Counter[str] = field(default_factory=Counter)  # resumed, history_lost, unknown_cursor
    refusals: Counter[str] = field(default_factory=Counter)  # of streams: overloaded, shutdown

    frames_in: int = 0
    frames_out: int = 0
    frame_bytes_in: int = 0
    frame_bytes_out: int = 0
    frames_limited: int = 0
    message_errors: int = 0
    socket_ends: Counter[str] = field(default_factory=Counter)  # by close code
