"""Cost against subscribers, as an SVG drawn by hand: straight axes from zero, lines named where they end."""

from dataclasses import dataclass
from html import escape

from benchmarks.bench import Sizes
from benchmarks.report.book import COST, Book, cost_at
from benchmarks.report.svg import Area, document, ticks
from benchmarks.rivals import SERVERS

WIDTH, HEIGHT = 860, 480
LEFT, RIGHT, TOP, BOTTOM = 64, 250, 64, 56
LINE_HEIGHT = 17
STEPS = 6
OURS, FLOOR = "#0b6e4f", "#7a7f87"
OTHERS = ("#c2571a", "#3566b0", "#8a4fa3", "#a8862a", "#b03060", "#4a8a94")
STYLE = """\
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
    across, up = ticks(most, STEPS), ticks(highest, STEPS)
    area = Area(LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM, across[-1], up[-1])
    parts = [*_axes(area, across, up), *[_drawn(line, area) for line in lines], _labels(lines, area)]
    return document(WIDTH, HEIGHT, "CPU per delivery against subscribers", STYLE, parts)


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


def _axes(area: Area, across: list[float], up: list[float]) -> list[str]:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [
        f'<text class="title" x="{LEFT}" y="32">CPU per delivery, µs, by number of subscribers</text>',
        *area.grid(up),
        *area.names([(value, f"{value:,.0f}") for value in across], HEIGHT - BOTTOM + 20),
        f'<text x="{middle}" y="{HEIGHT - 14}" text-anchor="middle">subscribers of one topic</text>',
    ]


def _drawn(line: Line, area: Area) -> str:
    places = [(area.x(x), area.y(y)) for x, y in line.points]
    dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{line.width + 0.75:g}"/>' for x, y in places)
    return (
        f'<polyline class="line" points="{area.path(line.points)}" '
        f'stroke="{line.colour}" stroke-width="{line.width:g}"{dash}/>'
        f'<g fill="{line.colour}">{dots}</g>'
    )


def _labels(lines: list[Line], area: Area) -> str:
    """Names at the right, in the order of the lines' ends, pushed apart where they would touch."""
    ends = sorted(lines, key=lambda line: -line.points[-1][1])
    wanted = [area.y(line.points[-1][1]) for line in ends]
    for place in range(1, len(wanted)):
        wanted[place] = max(wanted[place], wanted[place - 1] + LINE_HEIGHT)
    lowest = HEIGHT - BOTTOM
    for place in reversed(range(len(wanted))):
        wanted[place] = min(wanted[place], lowest - LINE_HEIGHT * (len(wanted) - 1 - place))
    edge = WIDTH - RIGHT + 18
    parts = []
    for line, y in zip(ends, wanted, strict=True):
        x, end = area.x(line.points[-1][0]), area.y(line.points[-1][1])
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
