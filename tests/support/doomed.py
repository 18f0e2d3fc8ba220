"""The hub's application, which no worker can load once a file is there; a trial can."""

import os
import sys
from pathlib import Path

from wsgi import app

if Path(os.environ["DOOM"]).exists() and "--check-config" not in sys.argv:
    raise RuntimeError("it is there")

__all__ = ["app"]
