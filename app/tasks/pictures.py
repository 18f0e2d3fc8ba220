"""Decoding untrusted images with Pillow, whatever type they were sent as.

Decoding takes processor time, so it runs on threads (`on_threads`) beside the worker's loop.
"""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from typing import ParamSpec, TypeVar, cast

from gevent.threadpool import ThreadPool
from PIL import ExifTags, Image, ImageStat, UnidentifiedImageError

from app.tasks.failures import TaskFailure

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF", "BMP")
MOST_PIXELS = 40_000_000
# A progressive JPEG of few bytes may pass over all its pixels thousands of times.
MOST_JPEG_SCANS = 100
# The turn that undoes each orientation in EXIF (CIPA DC-008, 4.6.4), but the upright one.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset(TURNS[orientation] for orientation in (5, 6, 7, 8))
WORKING_SIZE = 1024  # pixels of the longer side of the image that is analysed or sent to a model
COARSE_SIZE = 4 * WORKING_SIZE
THREADS = min(2, os.cpu_count() or 1)  # each may hold some hundred MiB while it decodes

# Pillow refuses images with twice as many pixels, also where only a frame shows the size.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded image.

    `width` and `height` are pixels of the image as it is shown (turned as EXIF says). `pixels` is RGB on
    white, at most WORKING_SIZE on the longer side. `byte_size` is the size of the file.
    """

    format: str
    width: int
    height: int
    byte_size: int
    is_animated: bool
    transparent_share: float
    pixels: Image.Image


def on_threads(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **options: Arguments.kwargs
) -> Result:
    """Runs the function on a bounded thread pool of its own, while the worker's loop goes on."""
    result, error = _threads().apply(_outcome, (partial(function, *arguments, **options),))
    if error is not None:
        raise error
    return cast(Result, result)


def _outcome(function: Callable[[], Result]) -> tuple[Result | None, Exception | None]:
    """Its result or its exception, as a value: gevent prints the traceback of a raised one."""
    try:
        return function(), None
    except Exception as error:
        return None, error


@cache
def _threads() -> ThreadPool:
    """Made for the first image, and so in the worker: threads do not survive a fork."""
    return ThreadPool(THREADS)


def read(data: bytes) -> Picture:
    """The first frame of the image; raises TaskFailure for data that is no image, damaged or too large."""
    if data[:2] == b"\xff\xd8" and data.count(b"\xff\xda") > MOST_JPEG_SCANS:
        raise TaskFailure("The image is a JPEG with too many scans")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            return _look(image, len(data))
    except UnidentifiedImageError as error:
        raise TaskFailure(f"The data is no image of a known format ({', '.join(FORMATS)})") from error
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except TaskFailure:
        raise
    except Exception as error:  # decoders raise many kinds of errors for broken data
        raise TaskFailure("The image is damaged") from error


def _look(image: Image.Image, byte_size: int) -> Picture:
    if image.width * image.height > MOST_PIXELS:  # known before decoding
        raise _too_many_pixels()
    kind, width, height = str(image.format), image.width, image.height
    is_animated = bool(getattr(image, "is_animated", False))
    turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    if turn in SIDEWAYS:
        width, height = height, width
    image.draft("RGB", (WORKING_SIZE, WORKING_SIZE))  # a JPEG can be decoded small
    image.load()
    shown = _plain(_coarse(image))
    shown.thumbnail((WORKING_SIZE, WORKING_SIZE), Image.Resampling.BOX, reducing_gap=2.0)
    flat, transparent_share = _on_white(shown if turn is None else shown.transpose(turn))
    return Picture(kind, width, height, byte_size, is_animated, transparent_share, flat)


def _coarse(image: Image.Image) -> Image.Image:
    """Fewer pixels of a far too large image: each step on all of them would copy up to 160 MB."""
    share = COARSE_SIZE / max(image.size)
    if share >= 1:
        return image
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.NEAREST)


def _plain(image: Image.Image) -> Image.Image:
    """The image in RGB or RGBA, from any mode (palette, grey, 16 bits, CMYK)."""
    if image.mode.startswith(("I", "F")):  # 16 bits a channel; Pillow itself would cut off, not scale
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _on_white(image: Image.Image) -> tuple[Image.Image, float]:
    """The image on a white background, and the share of it that is transparent."""
    if image.mode == "RGB":
        return image, 0.0
    alpha = image.getchannel("A")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=alpha)
    return flat, 1 - ImageStat.Stat(alpha).mean[0] / 255


def _too_many_pixels() -> TaskFailure:
    return TaskFailure(f"The image has more than {MOST_PIXELS // 1_000_000} million pixels")
