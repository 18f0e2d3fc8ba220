"""A family of metrics, and snapshots: the numbers of one worker at one moment, or of several combined.

A series is a list of numbers under the values of its labels: one number for a counter or a gauge; of a
histogram the counts of its buckets (not cumulative) and then the sum.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.realtime.meters import SECONDS, Histogram

Series = dict[tuple[str, ...], list[float]]
Snapshot = dict[str, Series]


@dataclass(frozen=True, slots=True)
class Family:
    """`name` ends in its unit where it has one, and lacks the `_total` of counters. Over several workers a
    gauge is the sum, or with `is_worst` the largest. `read` returns a number or a Histogram, or a mapping of
    label values to these; `bounds` are the bounds of the buckets.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    read: Callable[[Any], Any]
    labels: tuple[str, ...] = ()
    is_worst: bool = False
    bounds: tuple[float, ...] = SECONDS

    def take(self, source: Any) -> Series:
        value = self.read(source)
        if not isinstance(value, Mapping):
            return {(): _numbers(value)}
        return {_labels(key): _numbers(one) for key, one in value.items()}

    def fits(self, labels: tuple[str, ...], numbers: list[float]) -> bool:
        """False for a series of another release: during a reload workers of both serve."""
        size = len(self.bounds) + 2 if self.kind == "histogram" else 1
        return len(labels) == len(self.labels) and len(numbers) == size


def _labels(key: Any) -> tuple[str, ...]:
    return tuple(map(str, key)) if isinstance(key, tuple) else (str(key),)


def _numbers(value: Any) -> list[float]:
    return [*value.counts, value.total] if isinstance(value, Histogram) else [value]


def take(families: Iterable[Family], source: Any) -> Snapshot:
    return {family.name: family.take(source) for family in families}


def combine(families: Iterable[Family], snapshots: Iterable[Snapshot]) -> Snapshot:
    """These families, combined over all snapshots."""
    snapshots = list(snapshots)
    return {family.name: _combine(family, snapshots) for family in families}


def _combine(family: Family, snapshots: list[Snapshot]) -> Series:
    put_together = max if family.is_worst else sum
    total: Series = {}
    for snapshot in snapshots:
        for labels, numbers in snapshot.get(family.name, {}).items():
            if family.fits(labels, numbers):
                known = total.get(labels)
                total[labels] = (
                    numbers if known is None else [*map(put_together, zip(known, numbers, strict=True))]
                )
    return total
