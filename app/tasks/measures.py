"""The measures of an image, and the likely kind of each of its parts."""

from dataclasses import dataclass

from app.tasks.layout import Layout, Region, analyse
from app.tasks.palette import Color, dominant
from app.tasks.pictures import Picture
from app.tasks.tone import Tone, measure
from app.tasks.words import pick

# Width by height, with where images of that shape are shown.
SHAPES = {
    "9:16": (9 / 16, "stories and full-screen placements"),
    "2:3": (2 / 3, "pins and portrait placements"),
    "4:5": (4 / 5, "portrait feed placements"),
    "1:1": (1.0, "square feed placements"),
    "4:3": (4 / 3, "presentations and display placements"),
    "3:2": (3 / 2, "photographs and editorial placements"),
    "16:9": (16 / 9, "video and landscape placements"),
    "1.91:1": (1.91, "link previews"),
    "3:1": (3.0, "page banners"),
    "4:1": (4.0, "billboard banners"),
    "8:1": (728 / 90, "leaderboard banners"),
}
SAME_SHAPE = 0.03  # ratios that differ by less, relatively, are one


@dataclass(frozen=True, slots=True)
class Measures:
    """All that was found out about one image."""

    picture: Picture
    colors: list[Color]
    tone: Tone
    layout: Layout

    @property
    def ratio(self) -> float:
        return self.picture.width / self.picture.height

    @property
    def shape(self) -> str:
        """The usual name of its aspect ratio, else the ratio itself."""
        near = {name: abs(self.ratio / ratio - 1) for name, (ratio, _) in SHAPES.items()}
        best = min(near, key=lambda name: near[name])
        return best if near[best] <= SAME_SHAPE else f"{self.ratio:.2f}:1"


def of_picture(picture: Picture) -> Measures:
    colors = dominant(picture.pixels)
    return Measures(picture, colors, measure(picture.pixels, colors), analyse(picture.pixels))


def kind(region: Region) -> str:
    """What the region most likely is, by its colours, edges and shape."""
    if region.solid >= 0.5 and 1.5 <= region.aspect <= 8 and region.width * region.height <= 0.08:
        return "label or button"
    if region.detail >= 0.35 and region.ground >= 0.5 and region.solid <= 0.4 and region.aspect >= 0.8:
        return "text block"  # thin strokes on much ground
    if region.tones > 16:
        return "picture"
    if region.detail < 0.35 and region.tones <= 4:
        return "shape"
    return "graphic"


def covers_all(region: Region) -> bool:
    return region.width > 0.9 and region.height > 0.9 and region.fill > 0.6


def place(region: Region) -> str:
    if region.width > 0.9 and region.height > 0.9:
        return "across the whole area"
    row = pick((region.top + region.bottom) / 2, (0.37, "top"), (0.63, "middle"), (2, "bottom"))
    column = pick((region.left + region.right) / 2, (0.37, "left"), (0.63, "centre"), (2, "right"))
    if region.width > 0.8:
        return f"across the {row}"
    if region.height > 0.8:
        return f"along the {column}"
    if (row, column) == ("middle", "centre"):
        return "in the centre"
    return f"at the {row} {column}"
