"""The hub's application, which can't be loaded any more once a file is there."""

import os
from pathlib import Path

from wsgi import app

if Path(os.environ["DOOM"]).exists():
    raise RuntimeError("it is there")

__all__ = ["app"]
