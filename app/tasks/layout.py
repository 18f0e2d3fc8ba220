"""The layout of an image: a grid of cells, the regions in it that draw the eye, calm areas, margins.

A cell draws the eye as far as its colour is away from the background's and as it is full of edges. Cells that
do and touch each other are one region. No randomness: the same image has the same layout.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import accumulate

from PIL import Image, ImageChops, ImageFilter, ImageOps

from app.tasks.palette import Rgb

GRID = 24  # cells along the longer side
SCALE = 8  # pixels of a cell's side
SHARP = 2  # colours are counted in an image that is larger by this factor
LOUD = 0.1  # a cell below this weight never belongs to a region
CALM_DISTANCE, CALM_EDGES = 24, 10  # of 255
GROUND = 0.3  # an image with at least this share of calm cells has a ground
MOST_REGIONS = 6
LEAST_WEIGHT_SHARE = 0.01
EDGE_FACTOR = 4  # edges are thin: a cell full of text has a mean of 60

Cell = tuple[int, int]
Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


@dataclass(frozen=True, slots=True)
class Region:
    """A part that draws the eye.

    The box is in shares of width and height, `aspect` its width by height as it is seen. `weight` is the
    share of all that draws the eye, `fill` that of the box which it takes, `detail` how full of edges it is
    (0 to 1). `tones` is how many colours make up nine tenths of the box, `ground` the share of the most
    frequent one; `rgb` is the most frequent one that is not the background's, `solid` its share.
    """

    left: float
    top: float
    right: float
    bottom: float
    aspect: float
    weight: float
    fill: float
    detail: float
    tones: int
    ground: float
    rgb: Rgb
    solid: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Layout:
    """`calm` is the share of the area where nothing happens; `detail` how full of edges the image is; margins
    are shares of height or width, in CSS order (top, right, bottom, left), None where nothing stands out."""

    background: Rgb
    calm: float
    detail: float
    margins: tuple[float, float, float, float] | None
    regions: list[Region]


def analyse(pixels: Image.Image) -> Layout:
    """The layout of an RGB image."""
    return _Analysis(pixels).layout()


class _Analysis:
    def __init__(self, pixels: Image.Image) -> None:
        longer = max(pixels.size)
        self.columns = max(1, round(GRID * pixels.width / longer))
        self.rows = max(1, round(GRID * pixels.height / longer))
        size = (self.columns * SCALE, self.rows * SCALE)
        # Shrinking averages; growing invents nothing.
        how = Image.Resampling.BOX if longer > GRID * SCALE else Image.Resampling.NEAREST
        self.image = pixels.resize(size, how)
        # For counting colours: nothing is averaged, so that thin letters keep theirs.
        sample = pixels.resize((size[0] * SHARP, size[1] * SHARP), Image.Resampling.NEAREST)
        self.indexed = sample.quantize(64, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)

    def counts(self, *boxes: Box) -> list[tuple[Rgb, int]]:
        """The colours of parts of the image, 64 in all at most, the most frequent first."""
        found = Counter[int]()
        for box in boxes:
            left, top, right, bottom = (side * SHARP for side in box)
            scaled = (left, top, right, bottom)
            found.update({index: count for count, index in self.indexed.crop(scaled).getcolors() or []})  # type: ignore[misc]
        palette = self.indexed.getpalette() or []
        return [(_rgb(palette, index), count) for index, count in found.most_common()]

    @cached_property
    def background(self) -> Rgb:
        """The most frequent colour along the border."""
        width, height = self.image.size
        rows = (0, 0, width, 2), (0, height - 2, width, height)
        columns = (0, 0, 2, height), (width - 2, 0, width, height)
        return self.counts(*rows, *columns)[0][0]

    @cached_property
    def distances(self) -> Image.Image:
        """How far each pixel is from the background, 0 to 255 (the channel that differs most)."""
        flat = Image.new("RGB", self.image.size, self.background)
        return reduce(ImageChops.lighter, ImageChops.difference(self.image, flat).split())

    @cached_property
    def standing_out(self) -> Image.Image:
        """White where the colour is not the background's, else black."""
        return self.distances.point(lambda value: 255 if value > CALM_DISTANCE else 0)

    @cached_property
    def edges(self) -> Image.Image:
        found = self.image.convert("L").filter(ImageFilter.FIND_EDGES)
        inner = found.crop(
            (1, 1, found.width - 1, found.height - 1)
        )  # the filter leaves the border as it was
        return ImageOps.expand(inner, 1, 0)

    def cells(self, pixels: Image.Image) -> dict[Cell, int]:
        """The mean of each cell, by column and row."""
        means = pixels.resize((self.columns, self.rows), Image.Resampling.BOX).tobytes()
        return {(index % self.columns, index // self.columns): mean for index, mean in enumerate(means)}

    def layout(self) -> Layout:
        distances, edges = self.cells(self.distances), self.cells(self.edges)
        weights = {
            cell: 0.6 * distances[cell] / 255 + 0.4 * min(1.0, EDGE_FACTOR * edges[cell] / 255)
            for cell in distances
        }
        calm = [cell for cell in weights if distances[cell] < CALM_DISTANCE and edges[cell] < CALM_EDGES]
        return Layout(
            self.background,
            len(calm) / len(weights),
            sum(edges.values()) / len(edges) / 255,
            self.margins(),
            self.regions(weights, edges, has_ground=len(calm) >= GROUND * len(weights)),
        )

    def margins(self) -> tuple[float, float, float, float] | None:
        box = self.standing_out.getbbox()
        if box is None:
            return None
        (left, top, right, bottom), (width, height) = box, self.image.size
        return top / height, 1 - right / width, 1 - bottom / height, left / width

    def regions(self, weights: dict[Cell, float], edges: dict[Cell, int], has_ground: bool) -> list[Region]:
        """The heaviest first. On a calm ground all that is not calm stands out, else only the strongest."""
        mean = sum(weights.values()) / len(weights)
        threshold = LOUD if has_ground else max(LOUD, min(mean, max(weights.values()) / 2))
        groups = touching({cell for cell, weight in weights.items() if weight >= threshold})
        total = sum(weights[cell] for group in groups for cell in group)
        found = [self.region(group, sum(weights[cell] for cell in group) / total, edges) for group in groups]
        found.sort(key=lambda region: (-region.weight, region.top, region.left))
        return [region for region in found if region.weight >= LEAST_WEIGHT_SHARE][:MOST_REGIONS]

    def region(self, group: set[Cell], weight: float, edges: dict[Cell, int]) -> Region:
        columns, rows = sorted(column for column, _ in group), sorted(row for _, row in group)
        cells = (columns[-1] - columns[0] + 1) * (rows[-1] - rows[0] + 1)
        box = self.tight((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        colors, (width, height) = self.counts(box), self.image.size
        total = sum(count for _, count in colors)
        standing_out = [color for color in colors if _apart(color[0], self.background) > CALM_DISTANCE]
        rgb, count = (standing_out or colors)[0]
        return Region(
            box[0] / width,
            box[1] / height,
            box[2] / width,
            box[3] / height,
            (box[2] - box[0]) / (box[3] - box[1]),
            weight,
            len(group) / cells,
            min(1.0, EDGE_FACTOR * sum(edges[cell] for cell in group) / len(group) / 255),
            _tones([count for _, count in colors]),
            colors[0][1] / total,
            rgb,
            count / total,
        )

    def tight(self, cells: Box) -> Box:
        """In pixels, and without the background that is at the sides of the outer cells."""
        left, top, right, bottom = (side * SCALE for side in cells)
        inner = self.standing_out.crop((left, top, right, bottom)).getbbox()
        if inner is None:
            return left, top, right, bottom
        return left + inner[0], top + inner[1], left + inner[2], top + inner[3]


def _tones(counts: list[int]) -> int:
    """How many of the largest make up nine tenths of the sum."""
    reached = accumulate(counts)
    return next(number for number, count in enumerate(reached, 1) if count >= 0.9 * sum(counts))


def _rgb(palette: list[int], index: int) -> Rgb:
    red, green, blue = palette[3 * index : 3 * index + 3]
    return red, green, blue


def _apart(one: Rgb, other: Rgb) -> int:
    return max(abs(mine - its) for mine, its in zip(one, other, strict=True))


def touching(cells: set[Cell]) -> list[set[Cell]]:
    """The cells in groups, each connected along sides; in reading order of their first cells."""
    left, groups = set(cells), []
    for cell in sorted(cells, key=lambda cell: (cell[1], cell[0])):
        if cell in left:
            groups.append(_flood(cell, left))
    return groups


def _flood(start: Cell, left: set[Cell]) -> set[Cell]:
    """Moves the cells that are connected with `start` out of `left`."""
    group, edge = set[Cell](), [start]
    left.discard(start)
    while edge:
        column, row = edge.pop()
        group.add((column, row))
        for cell in ((column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)):
            if cell in left:
                left.discard(cell)
                edge.append(cell)
    return group
