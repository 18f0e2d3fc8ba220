"""The console's files, read once: their bytes, content types and entity tags."""

import hashlib
import mimetypes
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).with_name("static")
# The machine's own table may lack them.
TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


class Asset(NamedTuple):
    data: bytes
    content_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Every file by its path under `static/`."""
    paths = [path for path in sorted(FOLDER.rglob("*")) if path.is_file()]
    return {path.relative_to(FOLDER).as_posix(): _read(path) for path in paths}


def modules() -> list[str]:
    """The names of the scripts. The page lists them, so that the browser requests all of them at once."""
    return [name for name in assets() if name.endswith(".js")]


def etag_of(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(data, kind, etag_of(data))
