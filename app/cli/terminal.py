"""Text for terminals: without control characters of others, and with colours only where a terminal shows
them."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click
import orjson

Item = TypeVar("Item")

BARS = "▁▂▃▄▅▆▇█"


def plain(value: object) -> str:
    """One line, without characters that control a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def say(text: str = "", is_note: bool = False) -> None:
    """A line with its colours where stdout (a note's: stderr) is a terminal and NO_COLOR is not set."""
    click.echo(text, err=is_note, color=False if os.environ.get("NO_COLOR") else None)


def harmless(json: str) -> str:
    """The same JSON on one line, with escapes for all characters that control a terminal: JSON strings may
    hold U+007F and above without an escape (RFC 8259, 7)."""
    return "".join(it if it.isprintable() else _escaped(it) for it in json)


def _escaped(letter: str) -> str:
    if letter in "\t\r\n":  # in valid JSON these stand only between values
        return " "
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def say_json(value: object) -> None:
    click.echo(harmless(orjson.dumps(value).decode()))


def note(text: str) -> None:
    """A line about the command, not its result: on stderr, dim."""
    say(click.style(text, dim=True), is_note=True)


def progress(
    items: Iterable[Item],
    label: str,
    show: Callable[[Item | None], str] | None = None,
    length: int | None = None,
) -> AbstractContextManager[Iterable[Item]]:
    """The items, with a progress bar on stderr where that is a terminal. `show` names the current item.
    Without `length`, for items of unknown number, the bar only shows that the work goes on."""
    is_seen = sys.stderr.isatty()
    bar: Any = click.progressbar(
        items, length, label=label, item_show_func=show, file=sys.stderr, hidden=not is_seen
    )
    return bar  # type: ignore[no-any-return]


def sparkline(values: Sequence[float]) -> str:
    """A bar for each value, from nothing to the largest; empty for no values."""
    most = max(values, default=0) or 1
    return "".join(BARS[min(int(max(value, 0) / most * (len(BARS) - 1) + 0.5), 7)] for value in values)


def table(rows: Iterable[Sequence[object]], left: int = 1) -> list[str]:
    """Lines with their columns side by side; the first `left` columns begin at the left, the others end at
    the right. The first row is the head."""
    texts = [[plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if at < left else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in texts
    ]
    return [click.style(lines[0], bold=True), *lines[1:]] if lines else []


def amount(count: float) -> str:
    """Bytes as people read them: 512 B, 1.5 KB, 64 MB (powers of 1024)."""
    for unit in ("B", "KB", "MB", "GB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TB"


def duration(seconds: float) -> str:
    """As people read it: 40 µs, 1.4 ms, 12 ms, 3.1 s, 5 min, 2 h, 3 d."""
    if 0 < seconds < 0.001:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"
    for unit, size, most in (("s", 1, 90), ("min", 60, 90 * 60), ("h", 3600, 48 * 3600)):
        if seconds < most:
            shown = seconds / size
            return f"{shown:.1f} {unit}" if unit == "s" and shown < 10 else f"{shown:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"
