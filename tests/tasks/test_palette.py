"""Colours: their names, their contrasts, and which of them dominate."""

import pytest
from PIL import Image

from app.tasks.palette import _NAMES, MOST_COLORS, contrast, dominant, lab, luminance, name_of

BLACK, WHITE, RED = (0, 0, 0), (255, 255, 255), (255, 0, 0)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [  # the values that WCAG's own examples and checkers give
        (BLACK, WHITE, 21.0),
        (WHITE, WHITE, 1.0),
        (RED, WHITE, 3.998),
        ((118, 118, 118), WHITE, 4.542),
        ((0, 0, 255), WHITE, 8.592),
        ((255, 255, 0), BLACK, 19.556),
    ],
)
def test_contrast(one: tuple[int, int, int], other: tuple[int, int, int], ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.002)


def test_luminance() -> None:
    assert (luminance(BLACK), luminance(WHITE)) == (0, pytest.approx(1))
    assert luminance(RED) == pytest.approx(0.2126)


def test_lab() -> None:
    """Values of sRGB red under D65, as tables give them."""
    assert tuple(lab(RED)) == pytest.approx((53.24, 80.09, 67.20), abs=0.1)
    assert lab(WHITE).chroma < 0.1 and lab(WHITE).lightness == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(("name", "rgb"), _NAMES.items())
def test_every_name_names_itself(name: str, rgb: tuple[int, int, int]) -> None:
    assert name_of(rgb) == name


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((255, 0, 0), "red"),
        ((0, 0, 255), "blue"),
        ((0, 128, 0), "green"),
        ((255, 255, 0), "yellow"),
        ((255, 165, 0), "orange"),
        ((128, 0, 128), "purple"),
        ((250, 250, 250), "white"),
        ((5, 5, 5), "black"),
        ((139, 69, 19), "brown"),
        ((0, 0, 128), "navy"),
        ((130, 128, 127), "grey"),
    ],
)
def test_plain_names(rgb: tuple[int, int, int], name: str) -> None:
    assert name_of(rgb) == name


def striped(*stripes: tuple[str, int]) -> Image.Image:
    """Vertical stripes, each of a colour and a width in pixels."""
    image, left = Image.new("RGB", (sum(width for _, width in stripes), 50)), 0
    for color, width in stripes:
        image.paste(color, (left, 0, left + width, 50))
        left += width
    return image


def test_the_most_frequent_first() -> None:
    colors = dominant(striped(("white", 70), ("red", 20), ("navy", 10)))
    assert [(color.hex, color.share) for color in colors] == [
        ("#ffffff", 0.7),
        ("#ff0000", 0.2),
        ("#000080", 0.1),
    ]


def test_what_looks_alike_is_one() -> None:
    colors = dominant(striped(("#ff0000", 50), ("#fa0505", 30), ("#0000ff", 20)))
    assert [(color.name, color.share) for color in colors] == [("red", 0.8), ("blue", 0.2)]


def test_specks_do_not_count() -> None:
    image = Image.new("RGB", (100, 100), "white")
    image.putpixel((3, 3), RED)
    assert [color.hex for color in dominant(image)] == ["#ffffff"]


def test_never_none_and_never_many() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((300, 300), 200) for _ in range(3)])
    assert 1 <= len(dominant(noise)) <= MOST_COLORS
    assert len(dominant(Image.new("RGB", (1, 1)))) == 1
