"""The provider without a model: what it says is plainly about the image it was given."""

from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageDraw

from app.tasks.pictures import read
from app.tasks.providers.base import problem_of
from app.tasks.providers.local import LocalProvider
from tests.tasks.conftest import encoded

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "ad.png"


def concept(data: bytes) -> dict[str, Any]:
    described = LocalProvider().describe(read(data), "ad-7")
    assert problem_of(described) is None
    assert described["generator"]["provider"] == "local" and described["generator"]["model"] is None
    assert described["generator"]["note"].startswith("No model was used")
    assert described["details"]["image"]["ad_archive_id"] == "ad-7"
    return described


def advice(described: dict[str, Any]) -> str:
    return "\n".join(described["best_practices"])


def square_on_white(color: str = "red", box: tuple[int, int, int, int] = (300, 300, 600, 600)) -> Image.Image:
    image = Image.new("RGB", (900, 900), "white")
    image.paste(color, box)
    return image


def photo_like(size: tuple[int, int] = (900, 1600), darkness: int = 4) -> Image.Image:
    """Soft gradients in all channels."""
    gradients = [
        Image.linear_gradient("L"),
        Image.radial_gradient("L"),
        Image.linear_gradient("L").rotate(90),
    ]
    return Image.merge("RGB", gradients).resize(size).point(lambda value: value // darkness)


def test_a_red_square_on_white() -> None:
    found = concept(encoded(square_on_white()))
    assert found["title"] == "Square image: red shape on white"
    assert [(color["hex"], color["role"]) for color in found["color_palette"]] == [
        ("#ffffff", "background"),
        ("#ff0000", "supporting" if found["color_palette"][1]["share"] < 0.25 else "dominant"),
    ]
    assert found["visual_flow"] == "The eye starts at the red shape in the centre (100 % of what draws it)."
    assert "top 33 %, right 33 %, bottom 33 %, left 33 %" in found["spacing_strategy"]
    assert "white with red, 4.0:1: enough for large text only" in advice(found)


def test_elsewhere_and_in_another_colour() -> None:
    found = concept(encoded(square_on_white("navy", (600, 600, 860, 860))))
    assert found["details"]["elements"][0]["position"] == "at the bottom right"
    assert found["title"] == "Square image: navy shape on white"


def test_a_dark_photograph() -> None:
    found = concept(encoded(photo_like(), "JPEG"))
    assert found["title"].startswith("Portrait image")
    assert found["visual_tone"].startswith("Dark")
    assert found["details"]["image"]["format"] == "JPEG"
    assert "9:16 suits stories" in advice(found)


def test_a_wide_banner() -> None:
    image = Image.new("RGB", (1456, 180), "#0a6e3c")
    ImageDraw.Draw(image).text((60, 40), "Fresh every day", "white", font_size=90)
    found = concept(encoded(image))
    assert found["title"] == "Wide banner image: white text block on dark green"
    assert "8:1 suits leaderboard banners" in advice(found)


def test_transparent() -> None:
    image = Image.new("RGBA", (800, 800), (0, 0, 0, 0))
    image.paste((20, 30, 200, 255), (200, 200, 600, 600))
    found = concept(encoded(image))
    assert found["details"]["image"]["transparent_share"] == 0.75
    assert "75 % of the area is transparent" in advice(found)
    assert "blue shape on white" in found["title"]


def test_animated() -> None:
    frames = [Image.new("RGB", (700, 700), color) for color in ("orange", "blue")]
    found = concept(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert found["title"] == "Square image, plain orange"
    assert "only its first frame was read" in advice(found)


def test_turned() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    found = concept(encoded(square_on_white(box=(0, 0, 300, 900)).resize((900, 600)), "JPEG", exif=exif))
    assert (found["details"]["image"]["width"], found["details"]["image"]["height"]) == (600, 900)
    assert found["details"]["elements"][0]["position"] == "across the top"  # it was at the left


def test_cmyk() -> None:
    found = concept(encoded(square_on_white("#00a0e0").convert("CMYK"), "JPEG"))
    assert "blue shape on white" in found["title"]


def test_one_pixel() -> None:
    found = concept(encoded(Image.new("RGB", (1, 1), "purple")))
    assert found["title"] == "Square image, plain purple"
    assert found["details"]["elements"] == []
    assert "The shorter side has 1 pixels" in advice(found)


def test_grey() -> None:
    found = concept(encoded(Image.linear_gradient("L").resize((800, 600))))
    assert "colourless" in found["visual_tone"]
    assert "no colour but greys" in advice(found)


def test_a_palette() -> None:
    found = concept(encoded(square_on_white("green").quantize(4)))
    assert [color["name"] for color in found["color_palette"]] == ["white", "green"]


def test_text_with_too_little_contrast() -> None:
    image = Image.new("RGB", (900, 900), "#dddddd")
    ImageDraw.Draw(image).text((100, 300), "Hard to read\nand long", "#bbbbbb", font_size=120)
    assert "too little even for large text" in advice(concept(encoded(image)))


def test_the_same_image_twice() -> None:
    data = encoded(photo_like(), "JPEG")
    assert concept(data) == concept(data)


def test_different_images_differ_in_every_part() -> None:
    one, other = concept(encoded(square_on_white())), concept(encoded(photo_like((1600, 500), 3)))
    parts = set(one) - {"generator"}
    assert {part for part in parts if one[part] == other[part]} == set()


@pytest.mark.parametrize("size", [(1, 900), (900, 1), (3, 2), (5000, 40)])
def test_odd_sizes(size: tuple[int, int]) -> None:
    assert concept(encoded(photo_like(size)))["best_practices"]


def test_the_example_of_the_repository() -> None:
    assert EXAMPLE.stat().st_size < 60 * 1024
    found = concept(EXAMPLE.read_bytes())
    assert found["title"] == "Square image: orange shape on dark blue"
    elements = [(part["type"], part["position"]) for part in found["details"]["elements"]]
    assert elements[:3] == [
        ("shape", "at the middle right"),  # the bottle
        ("text block", "at the top left"),
        ("label or button", "at the bottom left"),
    ]
    assert [color["name"] for color in found["color_palette"]] == ["dark blue", "orange", "white"]
