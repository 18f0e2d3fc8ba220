"""Where things are: regions, calm areas, margins."""

import pytest
from PIL import Image, ImageDraw

from app.tasks.layout import Layout, analyse, touching
from app.tasks.measures import kind, place


def canvas(
    size: tuple[int, int] = (480, 480), color: str = "white"
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", size, color)
    return image, ImageDraw.Draw(image)


def test_nothing() -> None:
    layout = analyse(canvas(color="teal")[0])
    assert layout == Layout((0, 128, 128), 1.0, 0.0, None, [])


def test_one_square() -> None:
    image, draw = canvas()
    draw.rectangle((120, 240, 239, 359), fill="red")
    layout = analyse(image)
    (region,) = layout.regions
    assert (region.left, region.top, region.right, region.bottom) == pytest.approx(
        (0.25, 0.5, 0.5, 0.75), abs=0.05
    )
    assert (region.rgb, region.weight, region.aspect) == ((255, 0, 0), 1, 1)
    assert layout.margins == pytest.approx((0.5, 0.5, 0.25, 0.25), abs=0.02)
    assert layout.calm == pytest.approx(1 - 1 / 16, abs=0.05)
    assert kind(region) == "shape"


@pytest.mark.parametrize("column", [0, 1, 2])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_places(row: int, column: int) -> None:
    image, draw = canvas((600, 480), "black")
    draw.rectangle((column * 200 + 60, row * 160 + 40, column * 200 + 140, row * 160 + 120), fill="yellow")
    (region,) = analyse(image).regions
    words = f"at the {['top', 'middle', 'bottom'][row]} {['left', 'centre', 'right'][column]}"
    assert place(region) == ("in the centre" if (row, column) == (1, 1) else words)


def test_the_larger_and_stronger_first() -> None:
    image, draw = canvas()
    draw.rectangle((20, 20, 100, 100), fill="lightgrey")
    draw.rectangle((240, 240, 460, 460), fill="black")
    assert [region.rgb for region in analyse(image).regions] == [(0, 0, 0), (211, 211, 211)]


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 3), (30_000, 1)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    assert analyse(Image.new("RGB", size, "red")).calm == 1
    noise = analyse(Image.effect_noise(size, 200).convert("RGB"))
    assert all(0 <= value <= 1 for region in noise.regions for value in (region.left, region.bottom))


def test_text_and_a_button() -> None:
    image, draw = canvas((960, 960))
    draw.text((60, 100), "A headline that says\nwhat this is about", "black", font_size=80)
    draw.rounded_rectangle((60, 700, 360, 800), 40, fill="blue")
    assert [kind(region) for region in analyse(image).regions] == ["text block", "label or button"]


def test_a_photograph() -> None:
    image, _ = canvas((960, 960))
    gradients = [
        Image.linear_gradient("L"),
        Image.radial_gradient("L"),
        Image.linear_gradient("L").rotate(90),
    ]
    image.paste(Image.merge("RGB", gradients).resize((500, 500)), (230, 230))
    assert kind(analyse(image).regions[0]) == "picture"


def test_touching() -> None:
    assert touching(set()) == []
    assert touching({(0, 0), (1, 1), (1, 0), (3, 0), (3, 1), (5, 5)}) == [
        {(0, 0), (1, 0), (1, 1)},
        {(3, 0), (3, 1)},
        {(5, 5)},
    ]
