"""The exposition formats of Prometheus, pure: its text format (0.0.4) and OpenMetrics 1.0.0.

https://prometheus.io/docs/instrumenting/exposition_formats/,
https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate

from app.ops.metrics.family import Family, Snapshot

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

UNITS = ("seconds", "bytes")
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def expose(families: Iterable[Family], snapshot: Snapshot, content_type: str = PLAIN) -> str:
    is_openmetrics = content_type == OPENMETRICS
    lines = [line for family in families for line in _lines(family, snapshot, is_openmetrics)]
    return "\n".join([*lines, "# EOF"] if is_openmetrics else lines) + "\n"


def _lines(family: Family, snapshot: Snapshot, is_openmetrics: bool) -> Iterator[str]:
    """In OpenMetrics a family of counters has no `_total` in its name, and units have lines of their own."""
    name = family.name if is_openmetrics else _sample(family)
    yield f"# HELP {name} {family.help}"
    yield f"# TYPE {name} {family.kind}"
    unit = name.rpartition("_")[2]
    if is_openmetrics and unit in UNITS:
        yield f"# UNIT {name} {unit}"
    for values, numbers in sorted(snapshot.get(family.name, {}).items()):
        labels = list(zip(family.labels, values, strict=True))
        if family.kind == "histogram":
            yield from _histogram(family, labels, numbers)
        else:
            yield f"{_sample(family)}{_braces(labels)} {numbers[0]}"


def _sample(family: Family) -> str:
    return f"{family.name}_total" if family.kind == "counter" else family.name


def _histogram(family: Family, labels: list[tuple[str, str]], numbers: list[float]) -> Iterator[str]:
    *counts, total = numbers
    name, cumulative = family.name, list(accumulate(counts))
    bounds = [*(repr(float(bound)) for bound in family.bounds), "+Inf"]
    for bound, count in zip(bounds, cumulative, strict=True):
        yield f"{name}_bucket{_braces([*labels, ('le', bound)])} {count}"
    yield f"{name}_sum{_braces(labels)} {total}"
    yield f"{name}_count{_braces(labels)} {cumulative[-1]}"


def _braces(labels: list[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""
