"""`flask --app wsgi stats`: the whole cluster, as its workers see themselves."""

import sys
from collections import deque
from itertools import count
from time import monotonic, sleep
from typing import Any

import click
import orjson
from flask.cli import with_appcontext

from app.cli import credentials, terminal
from app.cli.credentials import Fresh
from app.cli.groups import Command
from app.cli.interrupts import until_interrupted
from app.cli.remote import Hub, hub_options
from app.cli.terminal import amount, duration, plain, say, sparkline

SAMPLES = 40
HEAD = (
    *("worker", "up", "memory", "streams", "sockets", "topics"),
    *("published", "delivered", "in", "out", "lag", "outbox"),
)
Json = dict[str, Any]


@click.command("stats", cls=Command)
@click.option("--watch", is_flag=True, help="Again and again, with how it went, until Ctrl-C.")
@click.option("--interval", type=click.FloatRange(0.1), default=2.0, help="Seconds between two looks; 2.")
@click.option("--count", "most", type=click.IntRange(1), help="With --watch: end after so many looks.")
@click.option("--json", "as_json", is_flag=True, help="What GET /api/ops/stats says, an object per line.")
@with_appcontext
@hub_options
@until_interrupted
def stats(hub: Hub, watch: bool, interval: float, most: int | None, as_json: bool) -> None:
    """Show workers, streams, sockets, what was delivered, and how far behind the broker everybody is.

    It asks the hub that runs, as an operator.

    \b
    Examples:
      flask --app wsgi stats
      flask --app wsgi stats --watch
      flask --app wsgi stats --json | jq .totals.streams
    """
    history, screen = History(), Screen()
    operator = Fresh(credentials.operator, hub.token)
    for number in count(1):
        found = hub.call("GET", "/api/ops/stats", operator.get())
        if as_json:
            click.echo(orjson.dumps(found))
        else:
            history.add(found["totals"], monotonic())
            screen.draw([*lines(found), *(history.lines() if watch else [])])
        if not watch or number == most:
            return
        sleep(interval)


class Screen:
    """Where each picture takes the place of the last one; what is no terminal gets them one by one."""

    def __init__(self) -> None:
        self._height = 0

    def draw(self, picture: list[str]) -> None:
        is_terminal = sys.stdout.isatty()
        if self._height:
            click.echo(f"\x1b[{self._height}A\x1b[J" if is_terminal else "\n", nl=False)
        for line in picture:
            say(line)
        self._height = len(picture)


class History:
    """What the totals were at the last looks; of counters, how fast they grew."""

    def __init__(self) -> None:
        self._last: tuple[float, Json] | None = None
        self._rows: dict[str, deque[float]] = {}

    def add(self, totals: Json, now: float) -> None:
        for name in ("streams", "sockets", "lag"):
            self._note(name, totals[name])
        if self._last is not None:
            before, old = self._last
            for name in ("published", "delivered"):
                grown = max(0, totals[name] - old[name])  # a worker that is gone takes its count with it
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
    """A table of the workers and their sums, and what else is to be seen at a glance."""
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
    warnings = [f"{it['host']}:{it['pid']} drains" for it in workers if it["draining"]]
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
