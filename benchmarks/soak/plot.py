"""Small multiples as an SVG: a panel for each figure, a line for each worker, axes from zero."""

import math
from collections.abc import Sequence
from html import escape

from benchmarks.soak.judgement import Verdict
from benchmarks.soak.plan import Plan
from benchmarks.soak.samples import (
    DESCRIPTORS,
    EXTRA,
    GREENLETS,
    MEMORY,
    POSTGRES,
    REDIS,
    SOCKETS,
    STREAMS,
    Points,
    Samples,
)

PANELS = (DESCRIPTORS, EXTRA, GREENLETS, MEMORY, REDIS, POSTGRES, STREAMS, SOCKETS)
COLUMNS = 2
WIDTH, HEIGHT = 430, 168
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 40, 24
HEAD, FOOT = 62, 14
COLOURS = ("#0b6e4f", "#c2571a", "#3566b0", "#8a4fa3")
FAILED = "#b3261e"
STYLE = """\
text { font: 11px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3c4149; }
.title { font-size: 16px; font-weight: 600; fill: #16191d; }
.name { font-size: 12px; font-weight: 600; fill: #16191d; }
.grid { stroke: #e7e9ec; }
.axis { stroke: #9aa0a8; }
.warm { fill: #f4f5f6; }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }"""


def svg(samples: Samples, plan: Plan, verdicts: Sequence[Verdict]) -> str:
    """The picture, as the text of an SVG file."""
    panels = [figure for figure in PANELS if samples.of(figure)]
    rows = -(-len(panels) // COLUMNS)
    width, height = COLUMNS * WIDTH, HEAD + rows * HEIGHT + FOOT
    title = f"{plan.streams:,} streams and {plan.sockets:,} sockets for {plan.minutes:g} minutes"
    parts = [
        f'<text class="title" x="{LEFT}" y="28">{title}, by minute</text>',
        f'<text x="{LEFT}" y="46">{_legend(samples)}; judged from minute {plan.judged_from / 60:g} on, '
        "which is where the grey ends</text>",
    ]
    for number, figure in enumerate(panels):
        x, y = number % COLUMNS * WIDTH, HEAD + number // COLUMNS * HEIGHT
        lines = {
            name: [it for it in points if it[0] <= plan.seconds]
            for name, points in samples.of(figure).items()
        }
        of_it = [verdict for verdict in verdicts if verdict.figure == figure]
        panel = _Panel(figure, lines, plan.seconds, plan.judged_from, of_it)
        parts.append(f'<g transform="translate({x} {y})">\n{panel.drawn()}\n</g>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(title)}: what the workers hold, by minute">\n'
        f'<style>{STYLE}</style>\n<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _legend(samples: Samples) -> str:
    workers = zip(samples.of(DESCRIPTORS), COLOURS, strict=False)
    return ", ".join(f'<tspan style="fill:{colour}">{escape(name)}</tspan>' for name, colour in workers)


class _Panel:
    def __init__(
        self,
        name: str,
        lines: dict[str, Points],
        seconds: float,
        judged_from: float,
        verdicts: Sequence[Verdict],
    ) -> None:
        self._name, self._lines, self._verdicts = name, lines, verdicts
        self._seconds, self._judged_from = seconds, judged_from
        self._ticks = ticks(max((value for points in lines.values() for _, value in points), default=1))

    def drawn(self) -> str:
        warm = self._x(self._judged_from) - LEFT
        head = [
            f'<rect class="warm" x="{LEFT}" y="{TOP}" width="{warm:.1f}" height="{HEIGHT - TOP - BOTTOM}"/>',
            f'<text class="name" x="{LEFT}" y="28">{escape(self._name)}</text>',
            self._said(),
        ]
        lines = zip(self._lines.values(), COLOURS, strict=False)
        return "\n".join(
            [*head, *self._axes(), *(self._line(points, colour) for points, colour in lines if points)]
        )

    def _said(self) -> str:
        """The growth that was judged, at the right; red where it is not flat."""
        if not self._verdicts:
            return ""
        worst = max(self._verdicts, key=lambda verdict: verdict.growth / verdict.tolerance)
        colour = "" if worst.is_flat else f' style="fill:{FAILED}" font-weight="600"'
        text = f"{worst.growth:+,.1f} of {worst.tolerance:,.1f} allowed"
        return f'<text x="{WIDTH - RIGHT}" y="28" text-anchor="end"{colour}>{text}</text>'

    def _axes(self) -> list[str]:
        parts = []
        for value in self._ticks:
            y, kind = self._y(value), "grid" if value else "axis"
            parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>')
        step = max(1, round(self._seconds / 60 / 10))
        for minute in range(0, int(self._seconds / 60 + 0.01) + 1, step):
            x = self._x(60 * minute)
            parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{minute}</text>')
        return parts

    def _line(self, points: Points, colour: str) -> str:
        path = " ".join(f"{self._x(at):.1f},{self._y(value):.1f}" for at, value in points)
        return f'<polyline class="line" points="{path}" stroke="{colour}"/>'

    def _x(self, seconds: float) -> float:
        return LEFT + seconds / self._seconds * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._ticks[-1] * (HEIGHT - TOP - BOTTOM)


def ticks(highest: float) -> list[float]:
    """From zero past the highest value, in at most four steps of 1, 2 or 5 times a power of ten."""
    wanted = max(highest, 1) / 4
    power = 10.0 ** math.floor(math.log10(wanted))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
    return [step * number for number in range(math.ceil(max(highest, 1) / step) + 1)]
