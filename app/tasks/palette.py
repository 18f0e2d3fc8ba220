"""The colours of an image: which dominate, what they are called, and how they contrast."""

import math
from dataclasses import dataclass
from functools import cache, reduce
from itertools import combinations
from typing import NamedTuple

from PIL import Image

Rgb = tuple[int, int, int]

SAMPLE_SIZE = 160  # pixels of the longer side of what is counted
SAME_COLOR = 10.0  # colours nearer than this (CIE76) are one to most eyes, in an image
MOST_COLORS = 6
LEAST_SHARE = 0.01
AA_TEXT, AA_LARGE, AAA_TEXT = 4.5, 3.0, 7.0  # WCAG 2.2, 1.4.3 and 1.4.6

_NAMES = {
    "black": (0, 0, 0),
    "dark grey": (64, 64, 64),
    "grey": (128, 128, 128),
    "light grey": (200, 200, 200),
    "white": (255, 255, 255),
    "dark red": (120, 15, 15),
    "red": (220, 30, 30),
    "coral": (255, 115, 95),
    "pink": (250, 175, 195),
    "brown": (120, 72, 30),
    "dark brown": (60, 38, 22),
    "orange": (250, 140, 20),
    "tan": (205, 170, 125),
    "beige": (240, 228, 200),
    "gold": (220, 175, 40),
    "yellow": (250, 225, 40),
    "pale yellow": (253, 245, 165),
    "olive": (125, 125, 30),
    "lime": (170, 220, 50),
    "pale green": (180, 230, 180),
    "green": (40, 160, 60),
    "dark green": (15, 75, 35),
    "mint": (140, 220, 190),
    "teal": (20, 130, 130),
    "turquoise": (60, 205, 205),
    "pale blue": (180, 215, 245),
    "sky blue": (95, 170, 235),
    "blue": (30, 80, 215),
    "navy": (5, 10, 115),
    "dark blue": (20, 50, 85),
    "slate": (95, 110, 130),
    "lavender": (205, 190, 240),
    "purple": (120, 50, 160),
    "dark purple": (55, 20, 80),
    "magenta": (215, 40, 160),
}


class Lab(NamedTuple):
    """CIE L*a*b* under D65: distances in it are near to what eyes see."""

    lightness: float
    a: float
    b: float

    def distance(self, other: "Lab") -> float:
        return math.dist(self, other)

    @property
    def chroma(self) -> float:
        return math.hypot(self.a, self.b)


@dataclass(frozen=True, slots=True)
class Color:
    """One of the dominant colours; `share` of the area, 0 to 1."""

    rgb: Rgb
    share: float

    @property
    def hex(self) -> str:
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)

    @property
    def name(self) -> str:
        return name_of(self.rgb)


def dominant(pixels: Image.Image) -> list[Color]:
    """The colours that make up an RGB image, the most frequent first; at least one, at most MOST_COLORS."""
    sample = pixels.copy()
    sample.thumbnail((SAMPLE_SIZE, SAMPLE_SIZE), Image.Resampling.NEAREST)  # mixes no colours
    nothing: list[tuple[int, Rgb]] = []
    counted = reduce(_gather, sorted(_count(sample), reverse=True), nothing)
    total = sample.width * sample.height
    colors = [Color(rgb, count / total) for count, rgb in sorted(counted, reverse=True)]
    return [color for color in colors if color.share >= LEAST_SHARE][:MOST_COLORS] or colors[:1]


def _count(sample: Image.Image) -> list[tuple[int, Rgb]]:
    reduced = sample.quantize(32, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    return reduced.convert("RGB").getcolors() or []  # type: ignore[return-value]


def _gather(found: list[tuple[int, Rgb]], new: tuple[int, Rgb]) -> list[tuple[int, Rgb]]:
    """Adds a count to the colour it looks like, if any."""
    for index, (count, rgb) in enumerate(found):
        if lab(rgb).distance(lab(new[1])) < SAME_COLOR:
            return [*found[:index], (count + new[0], rgb), *found[index + 1 :]]
    return [*found, new]


@cache
def _named() -> dict[str, Lab]:
    return {name: lab(rgb) for name, rgb in _NAMES.items()}


def name_of(rgb: Rgb) -> str:
    """The plain name of the nearest colour; a colour with hardly any hue gets the name of a grey."""
    mine, named = lab(rgb), _named()
    is_grey = mine.chroma < 6
    candidates = [name for name in named if not is_grey or named[name].chroma < 1]
    return min(candidates, key=lambda name: mine.distance(named[name]))


def luminance(rgb: Rgb) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(value) for value in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def strongest_pair(colors: list[Color]) -> tuple[Color, Color, float] | None:
    """The two that contrast most, and how much; None where there is but one."""
    pairs = [(one, other, contrast(one.rgb, other.rgb)) for one, other in combinations(colors, 2)]
    return max(pairs, key=lambda pair: pair[2], default=None)


def lab(rgb: Rgb) -> Lab:
    """sRGB (IEC 61966-2-1) to CIE 1976 L*a*b*, white point D65."""
    red, green, blue = (_linear(value) for value in rgb)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (_cube_root(value) for value in (x, y, z))
    return Lab(116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _cube_root(value: float) -> float:
    return float(value ** (1 / 3)) if value > 0.008856 else 7.787 * value + 16 / 116
