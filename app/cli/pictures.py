"""Reads a local image as a data: URL, made smaller where the hub would refuse its size."""

import base64
from io import BytesIO
from pathlib import Path

import click
from PIL import Image, UnidentifiedImageError

SIZES = (2048, 1600, 1200, 900, 600)  # pixels of the longer side


def data_url(path: Path, most: int) -> str:
    """At most `most` characters long; raises ClickException for a file that is not an image."""
    data = path.read_bytes()
    try:
        with Image.open(BytesIO(data)) as image:
            url = _encoded(data, Image.MIME.get(str(image.format), "image/png"))
            if len(url) <= most:
                return url
            for size in SIZES:
                url = _encoded(_smaller(image, size), "image/jpeg")
                if len(url) <= most:
                    click.echo(f"It is sent {size} pixels large, as MAX_BODY_BYTES asks for.", err=True)
                    return url
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise click.ClickException(f"{path} is no image that can be read.") from error
    raise click.ClickException(f"{path} is too large: raise MAX_BODY_BYTES.")


def _smaller(image: Image.Image, size: int) -> bytes:
    small, file = image.convert("RGB"), BytesIO()
    small.thumbnail((size, size))
    small.save(file, "JPEG", quality=85)
    return file.getvalue()


def _encoded(data: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
