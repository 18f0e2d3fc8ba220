"""The statistics of all workers, as lines for a terminal."""

from collections import deque
from typing import Any

import click

from app.cli import terminal
from app.cli.terminal import amount, duration, plain, sparkline

SAMPLES = 40
HEAD = (
    *("worker", "up", "memory", "streams", "sockets", "topics"),
    *("published", "delivered", "in", "out", "lag", "outbox"),
)
Json = dict[str, Any]


class History:
    """The totals of the last samples; for counters their growth per second."""

    def __init__(self) -> None:
        self._last: tuple[float, Json] | None = None
        self._rows: dict[str, deque[float]] = {}

    def add(self, totals: Json, now: float) -> None:
        for name in ("streams", "sockets", "lag"):
            self._note(name, totals[name])
        if self._last is not None:
            before, old = self._last
            for name in ("published", "delivered"):
                grown = max(
                    0, totals[name] - old[name]
                )  # the count of a worker that ended is missing in the sum
                self._note(f"{name}/s", grown / (now - before))
        self._last = now, totals

    def _note(self, name: str, value: float) -> None:
        self._rows.setdefault(name, deque(maxlen=SAMPLES)).append(value)

    def lines(self) -> list[str]:
        return [
            f"{name:11}  {click.style(sparkline([*row]).ljust(SAMPLES), fg='cyan')}  {_figure(name, row[-1])}"
            for name, row in sorted(self._rows.items(), key=lambda item: item[0] == "lag")
        ]


def _figure(name: str, value: float) -> str:
    return duration(value) if name == "lag" else f"{value:,.0f}"


def lines(found: Json) -> list[str]:
    """A table of the workers and their sums; below it counts by kind and warnings."""
    workers, totals = found["workers"], found["totals"]
    rows = [HEAD, *(_row(f"{it['host']}:{it['pid']}", it) for it in workers)]
    if len(workers) > 1:
        rows.append(_row(f"{len(workers)} workers", totals))
    more = {
        "streams": found["streams_by_kind"],
        "streams ended": found["stream_ends"],
        "sockets closed": found["socket_ends"],
    }
    shown = [f"{name}: {_counts(counts)}" for name, counts in more.items() if counts]
    warnings = [f"{plain(it['host'])}:{it['pid']} drains" for it in workers if it["draining"]]
    if found["partial"]:
        silent = plain(", ".join(found["silent"]))
        warnings.append(f"some workers did not answer in time: {silent or 'nobody knows which'}")
    return [*terminal.table(rows), *shown, *(click.style(warning, fg="yellow") for warning in warnings)]


def _row(name: str, it: Json) -> tuple[str, ...]:
    up = duration(it["uptime"]) if "uptime" in it else ""
    numbers = (f"{it[name]:,}" for name in ("streams", "sockets", "topics", "published", "delivered"))
    frames = (f"{it['frames'][way]:,}" for way in ("in", "out"))
    return name, up, amount(it["memory"] or 0), *numbers, *frames, duration(it["lag"]), f"{it['outbox']:,}"


def _counts(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{plain(name)} {number:,}" for name, number in most)
