"""How an image feels as a whole, in numbers: brightness, contrast, saturation, warmth."""

from dataclasses import dataclass

from PIL import Image, ImageStat

from app.tasks.palette import Color, lab

GREY_CHROMA = 6.0  # below it (CIELAB) a colour has no hue worth naming


@dataclass(frozen=True, slots=True)
class Tone:
    """`brightness`, `contrast` (standard deviation of brightness, doubled) and `saturation` are 0 to 1;
    `warmth` is -1 (blue) to 1 (orange); `hues` counts the dominant colours that are no greys."""

    brightness: float
    contrast: float
    saturation: float
    warmth: float
    hues: int


def measure(pixels: Image.Image, colors: list[Color]) -> Tone:
    """Of an RGB image and its dominant colours."""
    grey = ImageStat.Stat(pixels.convert("L"))
    saturation = ImageStat.Stat(pixels.convert("HSV").getchannel("S")).mean[0] / 255
    red, _, blue = ImageStat.Stat(pixels).mean
    hues = sum(1 for color in colors if lab(color.rgb).chroma >= GREY_CHROMA)
    return Tone(
        grey.mean[0] / 255,
        min(1.0, 2 * grey.stddev[0] / 255),
        saturation,
        (red - blue) / 255,
        hues,
    )
