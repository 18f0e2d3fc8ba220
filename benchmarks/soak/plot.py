"""Small multiples as an SVG: a panel for each figure, a line for each worker, axes from zero."""

from collections.abc import Sequence
from html import escape

from benchmarks.report.svg import Area, document, ticks
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
STEPS = 4
WIDTH, HEIGHT = 430, 168
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 40, 24
HEAD, FOOT = 62, 14
COLOURS = ("#0b6e4f", "#c2571a", "#3566b0", "#8a4fa3")
FAILED = "#b3261e"
STYLE = """\
text { font-size: 11px; }
.name { font-size: 12px; font-weight: 600; fill: #16191d; }
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
    return document(width, height, f"{title}: what the workers hold, by minute", STYLE, parts)


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
        highest = max((value for points in lines.values() for _, value in points), default=1)
        self._ticks = ticks(max(highest, 1), STEPS)
        self._area = Area(LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, seconds, self._ticks[-1])

    def drawn(self) -> str:
        warm = self._area.x(self._judged_from) - LEFT
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
        step = max(1, round(self._seconds / 60 / 10))
        minutes = range(0, int(self._seconds / 60 + 0.01) + 1, step)
        names = [(60 * minute, str(minute)) for minute in minutes]
        return [*self._area.grid(self._ticks), *self._area.names(names, HEIGHT - 8)]

    def _line(self, points: Points, colour: str) -> str:
        return f'<polyline class="line" points="{self._area.path(points)}" stroke="{colour}"/>'
