"""sse-starlette under uvicorn with uvloop and httptools, in a virtual environment of its own."""

import sys

from benchmarks.harness.install import run
from benchmarks.harness.places import BENCHMARKS, CACHE
from benchmarks.rivals.base import Command, Server

PACKAGES = ("sse-starlette==3.7.0", "uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0")
HOME = CACHE / "sse-starlette"
READY = HOME / "installed.txt"


class SseStarlette(Server):
    key = "sse-starlette"
    label = "sse-starlette (uvicorn, uvloop)"

    def prepare(self) -> None:
        wanted = "\n".join(PACKAGES)
        if READY.exists() and READY.read_text() == wanted:
            return
        run([sys.executable, "-m", "venv", HOME], seconds=120)
        run([HOME / "bin" / "python", "-m", "pip", "install", "-q", *PACKAGES], seconds=300)
        READY.write_text(wanted)

    def command(self, port: int) -> Command:
        options = ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        folder = BENCHMARKS / "rivals" / "apps"
        return Command([HOME / "bin" / "python", "-m", "uvicorn", *options, "starlette_app:app"], cwd=folder)
