"""Draws ad.png, an advertisement of an imaginary product: `python examples/draw_ad.py`."""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

BACKGROUND, DARK, BRIGHT, PALE = "#12324a", "#0b2233", "#ff8a1f", "#f5efe2"
SIZE = 1080


def draw_bottle(draw: ImageDraw.ImageDraw, left: int, top: int) -> None:
    draw.rounded_rectangle((left + 90, top, left + 190, top + 70), 18, fill=PALE)  # cap
    draw.rounded_rectangle((left + 70, top + 60, left + 210, top + 170), 30, fill=BRIGHT)  # shoulder
    draw.rounded_rectangle((left, top + 120, left + 280, top + 640), 70, fill=BRIGHT)  # body
    draw.rectangle((left, top + 300, left + 280, top + 480), fill=PALE)  # label
    font = ImageFont.load_default(64)
    draw.text((left + 140, top + 390), "ORA", BRIGHT, font, anchor="mm")


def draw_ad() -> Image.Image:
    image = Image.new("RGB", (SIZE, SIZE), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.ellipse((600, 180, 1080, 900), fill=DARK)
    draw_bottle(draw, 700, 220)
    draw.text((70, 170), "Wake up\nto orange.", PALE, ImageFont.load_default(108), spacing=24)
    text = "Pressed this morning,\nat your door by noon."
    draw.text((74, 470), text, PALE, ImageFont.load_default(46), spacing=18)
    draw.rounded_rectangle((70, 680, 430, 790), 55, fill=BRIGHT)
    draw.text((250, 735), "Order now", DARK, ImageFont.load_default(52), anchor="mm")
    draw.text((70, 990), "ora.example", PALE, ImageFont.load_default(34))
    return image


if __name__ == "__main__":
    palette = draw_ad().quantize(32, dither=Image.Dither.NONE)
    palette.save(Path(__file__).with_name("ad.png"), optimize=True)
