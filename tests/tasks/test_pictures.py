"""Opening what claims to be an image: every format that is known, and what must not be opened."""

import struct
import zlib
from io import BytesIO
from time import process_time

import gevent
import pytest
from PIL import ExifTags, Image, ImageChops, ImageOps

from app.tasks.failures import TaskFailure
from app.tasks.pictures import MOST_PIXELS, WORKING_SIZE, on_threads, read
from tests.tasks.conftest import encoded, plain

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP"])
def test_formats(kind: str) -> None:
    picture = read(encoded(Image.new("RGB", (64, 32), "red"), kind))
    assert (picture.format, picture.width, picture.height) == (kind, 64, 32)
    red, green, blue = picture.pixels.getpixel((10, 10))  # type: ignore[misc]
    assert red > 240 and green < 16 and blue < 16


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_ways_of_keeping_pixels_in_png(mode: str) -> None:
    picture = read(encoded(Image.new("L", (20, 10), 255).convert(mode.replace("I;16", "L"))))
    assert picture.pixels.mode == "RGB"
    assert picture.pixels.getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bits_are_scaled() -> None:
    image = Image.linear_gradient("L").convert("I").point(lambda value: value * 256).convert("I;16")
    assert read(encoded(image)).pixels.getpixel((128, 128)) == (128, 128, 128)


def test_cmyk() -> None:
    picture = read(encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG"))
    assert picture.pixels.getpixel((16, 16))[0] > 200  # type: ignore[index]


def test_turned_as_exif_says() -> None:
    image = Image.new("RGB", (60, 20), "red")
    image.paste("blue", (30, 0, 60, 20))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned by 90° clockwise
    picture = read(encoded(image, "PNG", exif=exif))
    assert (picture.width, picture.height) == (20, 60) == picture.pixels.size
    assert (picture.pixels.getpixel((10, 5)), picture.pixels.getpixel((10, 55))) == (RED, BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(10))
def test_every_orientation_as_pillow_turns_it(orientation: int, kind: str) -> None:
    image = Image.new("RGB", (64, 32), "white")
    image.paste("red", (0, 0, 16, 16))
    image.paste("blue", (48, 0, 64, 16))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    data = encoded(image, kind, exif=exif, quality=95)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    found = read(data)
    assert (found.width, found.height) == expected.size
    assert ImageChops.difference(found.pixels, expected).getbbox() is None


def test_the_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ("red", "blue")]
    picture = read(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert picture.is_animated
    assert picture.pixels.getpixel((5, 5)) == RED


def test_transparent_is_white() -> None:
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 10, 10))
    picture = read(encoded(image))
    assert picture.transparent_share == pytest.approx(0.5)
    assert picture.pixels.getpixel((15, 5)) == (255, 255, 255)


def test_transparent_palette() -> None:
    image = Image.new("P", (20, 10), 0)
    assert read(encoded(image, transparency=0)).transparent_share == 1


def test_one_pixel() -> None:
    picture = read(plain(size=(1, 1)))
    assert (picture.width, picture.height, picture.pixels.size) == (1, 1, (1, 1))


def test_large_ones_are_worked_on_small() -> None:
    picture = read(encoded(Image.new("RGB", (4000, 1000), "red"), "JPEG"))
    assert (picture.width, picture.height) == (4000, 1000)
    assert picture.pixels.size == (WORKING_SIZE, WORKING_SIZE // 4)


def test_a_line_is_still_an_image() -> None:
    assert read(plain(size=(30_000, 1))).pixels.size == (WORKING_SIZE, 1)


# What is refused


def png(width: int, height: int, body: bytes = b"", *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG that claims this size, whatever is in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    written = b""
    for name, data in [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]:
        written += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return b"\x89PNG\r\n\x1a\n" + written


@pytest.mark.parametrize(
    "size", [(MOST_PIXELS + 1, 1), (8000, 5001), (60_000, 60_000), (2**31 - 1, 2**31 - 1)]
)
def test_too_many_pixels(size: tuple[int, int]) -> None:
    began = process_time()
    with pytest.raises(TaskFailure, match="more than 40 million pixels"):
        read(png(*size))
    assert process_time() - began < 1  # nothing was decoded


@pytest.mark.filterwarnings("ignore:Image size")  # pytest sets the filters of its own
def test_as_many_pixels_as_allowed() -> None:
    assert read(encoded(Image.new("1", (8000, 5000)))).width == 8000


def test_a_gif_whose_frame_is_larger_than_it_says() -> None:
    honest = bytearray(encoded(Image.new("P", (10, 10)), "GIF"))
    at = honest.index(b"\x2c") + 5  # width and height in the image descriptor
    honest[at : at + 4] = struct.pack("<HH", 60_000, 60_000)
    with pytest.raises(TaskFailure):
        read(bytes(honest))


def test_a_text_chunk_that_unpacks_to_a_lot() -> None:
    bomb = zlib.compress(b"0" * 80 * 1024 * 1024)
    with pytest.raises(TaskFailure):
        read(png(1, 1, b"\0\0\0\0", (b"zTXt", b"Comment\0\0" + bomb)))


def test_a_jpeg_that_is_passed_over_too_often() -> None:
    with pytest.raises(TaskFailure, match="too many scans"):
        read(encoded(Image.new("RGB", (8, 8)), "JPEG") + b"\xff\xda\x00\x02" * 200)


@pytest.mark.parametrize(
    "data", [b"", b"x", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"]
)
def test_no_image(data: bytes) -> None:
    with pytest.raises(TaskFailure):
        read(data)


@pytest.mark.parametrize("kind", ["TIFF", "ICO", "PPM", "EPS", "PDF", "TGA"])
def test_formats_that_are_not_opened(kind: str) -> None:
    with pytest.raises(TaskFailure, match="no image of a known format"):
        read(encoded(Image.new("RGB", (16, 16)), kind))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_damaged(kind: str, share: float) -> None:
    whole = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), kind)
    with pytest.raises(TaskFailure):
        read(whole[: int(len(whole) * share)])


# Threads


def test_the_loop_goes_on_meanwhile() -> None:
    """In processor time of all threads: a machine may stand still."""
    data, ticks, gaps = encoded(Image.effect_noise((3000, 3000), 60)), [process_time()], [0.0]

    def tick() -> None:
        while True:
            gevent.sleep(0.005)
            gaps.append(process_time() - ticks[-1])
            ticks.append(process_time())

    ticker = gevent.spawn(tick)
    began = process_time()
    for _ in range(4):
        on_threads(read, data)
    took = process_time() - began
    ticker.kill()
    assert max(gaps) < took / 2, (max(gaps), took)


def test_what_goes_wrong_in_a_thread_arrives(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TaskFailure):
        on_threads(read, b"")
    assert "Traceback" not in capfd.readouterr().err
