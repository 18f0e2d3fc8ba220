"""Cost against subscribers, as an SVG drawn by hand: straight axes from zero, lines named where they end."""

import math
from dataclasses import dataclass
from html import escape

from benchmarks.bench import Sizes
from benchmarks.report.book import COST, Book, cost_at
from benchmarks.rivals import SERVERS

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 250, 64, 56
LINE_HEIGHT = 17
OURS, FLOOR = "#0b6e4f", "#7a7f87"
OTHERS = ("#c2571a", "#3566b0", "#8a4fa3", "#a8862a", "#b03060", "#4a8a94")
STYLE = """\
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3c4149; }
.title { font-size: 16px; font-weight: 600; fill: #16191d; }
.grid { stroke: #e7e9ec; }
.axis { stroke: #9aa0a8; }
.leader { fill: none; stroke-opacity: .35; }
.line { fill: none; stroke-linejoin: round; stroke-linecap: round; }"""


@dataclass(frozen=True)
class Line:
    """One server's points, by number of subscribers, and how they are drawn."""

    label: str
    points: list[tuple[int, float]]
    colour: str
    width: float
    is_dashed: bool


def svg(book: Book, sizes: Sizes) -> str:
    """The picture, as the text of an SVG file."""
    lines = _lines(book, sizes)
    most = max((x for line in lines for x, _ in line.points), default=1)
    highest = max((y for line in lines for _, y in line.points), default=1)
    frame = _Frame(_ticks(most), _ticks(highest))
    parts = [frame.drawn(), *[_drawn(line, frame) for line in lines], _labels(lines, frame)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="CPU per delivery against subscribers">\n'
        f"<style>{STYLE}</style>\n"
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _lines(book: Book, sizes: Sizes) -> list[Line]:
    colours = iter(OTHERS * 2)
    lines = []
    for key, server in SERVERS.items():
        points = _points(book, sizes, key)
        if len(points) < 2:
            continue  # a point is not a line
        colour = OURS if key.startswith("hub") else FLOOR if key == "floor" else next(colours)
        lines.append(
            Line(server.label, points, colour, 3 if key == "hub" else 1.75, key in ("floor", "hub-redis"))
        )
    return lines


def _points(book: Book, sizes: Sizes, key: str) -> list[tuple[int, float]]:
    """Costs by size; the paced run stands in where the smallest size was not measured by itself."""
    costs = {count: book.get(key, cost_at(count)) for count in {*sizes.growth, sizes.streams}}
    if costs.get(sizes.subscribers) is None:
        costs[sizes.subscribers] = book.get(key, COST)
    return sorted((count, cost) for count, cost in costs.items() if cost is not None)


class _Frame:
    """Axes from zero to the last tick, and the way from figures to places in the picture."""

    def __init__(self, across: list[float], up: list[float]) -> None:
        self._across, self._up = across, up

    def x(self, value: float) -> float:
        return LEFT + value / self._across[-1] * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._up[-1] * (HEIGHT - TOP - BOTTOM)

    def drawn(self) -> str:
        parts = [
            f'<text class="title" x="{LEFT}" y="32">CPU per delivery, µs, by number of subscribers</text>'
        ]
        for value in self._up:
            y, kind = self.y(value), "grid" if value else "axis"
            parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(f'<text x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>')
        for value in self._across:
            x, y = self.x(value), HEIGHT - BOTTOM + 20
            parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{value:,.0f}</text>')
        middle = (LEFT + WIDTH - RIGHT) / 2
        parts.append(
            f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">subscribers of one topic</text>'
        )
        return "\n".join(parts)


def _ticks(highest: float) -> list[float]:
    """From zero past the highest value, in at most six steps of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(highest / 6))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= highest / 6)
    count = int(-(-highest // step))
    return [step * number for number in range(count + 1)]


def _drawn(line: Line, frame: _Frame) -> str:
    places = [(frame.x(x), frame.y(y)) for x, y in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{line.width + 0.75:g}"/>' for x, y in places)
    return (
        f'<polyline class="line" points="{path}" stroke="{line.colour}" stroke-width="{line.width:g}"{dash}/>'
        f'<g fill="{line.colour}">{dots}</g>'
    )


def _labels(lines: list[Line], frame: _Frame) -> str:
    """Names at the right, in the order of the lines' ends, pushed apart where they would touch."""
    ends = sorted(lines, key=lambda line: -line.points[-1][1])
    wanted = [frame.y(line.points[-1][1]) for line in ends]
    for place in range(1, len(wanted)):
        wanted[place] = max(wanted[place], wanted[place - 1] + LINE_HEIGHT)
    lowest = HEIGHT - BOTTOM
    for place in reversed(range(len(wanted))):
        wanted[place] = min(wanted[place], lowest - LINE_HEIGHT * (len(wanted) - 1 - place))
    edge = WIDTH - RIGHT + 18
    parts = []
    for line, y in zip(ends, wanted, strict=True):
        x, end = frame.x(line.points[-1][0]), frame.y(line.points[-1][1])
        weight = ' font-weight="600"' if line.width > 2 else ""
        parts.append(
            f'<path d="M{x + 7:.1f} {end:.1f} L{edge - 6} {y:.1f}" class="leader" stroke="{line.colour}"/>'
            f'<text x="{edge}" y="{y + 4:.1f}"{weight} style="fill:{line.colour}">'
            f"{escape(_short(line.label))} {line.points[-1][1]:.1f}</text>"
        )
    return "\n".join(parts)


def _short(label: str) -> str:
    """A label without what is in brackets, short enough for the margin."""
    return label.partition(" (")[0].replace(", a queue and a generator per client", ", a queue per client")
