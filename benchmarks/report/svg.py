"""What the drawn-by-hand plots share: an SVG document, and axes from zero with round ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

STYLE = """\
text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #3c4149; }
.title { font-size: 16px; font-weight: 600; fill: #16191d; }
.grid { stroke: #e7e9ec; }
.axis { stroke: #9aa0a8; }
"""


def document(width: int, height: int, label: str, style: str, parts: Iterable[str]) -> str:
    """The text of an SVG file; `style` is added to what all plots have."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(label)}">\n'
        f"<style>{STYLE}{style}</style>\n"
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


@dataclass(frozen=True)
class Area:
    """Where figures are drawn, and the way from figures to places; `across` and `up` are the highest ones."""

    left: float
    right: float
    top: float
    bottom: float
    across: float
    up: float

    def x(self, value: float) -> float:
        return self.left + value / self.across * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.bottom - value / self.up * (self.bottom - self.top)

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)

    def grid(self, values: Iterable[float]) -> list[str]:
        """A line for each value, the lowest one as the axis, with the value at its left."""
        parts = []
        for value in values:
            y, kind = self.y(value), "grid" if value else "axis"
            parts.append(
                f'<line class="{kind}" x1="{self.left}" x2="{self.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
                f'<text x="{self.left - 8}" y="{y + 4:.1f}" text-anchor="end">{value:,g}</text>'
            )
        return parts

    def names(self, values: Iterable[tuple[float, str]], y: float) -> list[str]:
        """What stands under the axis, each at the place of its value."""
        return [
            f'<text x="{self.x(it):.1f}" y="{y}" text-anchor="middle">{name}</text>' for it, name in values
        ]


def ticks(highest: float, steps: int) -> list[float]:
    """From zero past the highest value, in at most `steps` steps of 1, 2 or 5 times a power of ten."""
    highest = highest or 1
    power = 10.0 ** math.floor(math.log10(highest / steps))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= highest / steps)
    return [step * number for number in range(math.ceil(highest / step) + 1)]
