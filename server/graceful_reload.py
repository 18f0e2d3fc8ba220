"""Workers that are replaced stay until those that replace them are ready.

On SIGHUP gunicorn starts new workers and ends the old ones in the same moment, so that for seconds nobody
would answer. Here each worker has a generation, and who is told to end looks into a folder that all share:
the main process wrote into `generation` which one is the newest and of how many workers, and each of these
makes a file `ready-<generation>-<pid>` once it serves. `leaving-<generation>` says that nobody need wait for
these: the whole server stops.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

import gevent

PATIENCE_SECONDS = 60.0
LOOK_SECONDS = 0.1


class GracefulReload:
    """A worker's place in it. Where the folder is lost nobody waits."""

    def __init__(self, folder: Path, generation: int) -> None:
        self._folder = folder
        self._generation = generation

    def enter(self) -> None:
        """This worker serves."""
        with suppress(OSError):
            (self._folder / f"ready-{self._generation}-{os.getpid()}").touch()

    def wait(self) -> None:
        """Returns when this worker may end: others are ready to follow it, or nobody is to follow."""
        until = monotonic() + PATIENCE_SECONDS
        while monotonic() < until and not self._may_end():
            gevent.sleep(LOOK_SECONDS)

    def _may_end(self) -> bool:
        try:
            newest, workers = map(int, (self._folder / "generation").read_text().split())
            names = [path.name for path in self._folder.iterdir()]
        except (OSError, ValueError):  # none was ever written: there was no reload
            return True
        if newest == self._generation:
            return True
        is_ready = sum(name.startswith(f"ready-{newest}-") for name in names) >= workers
        return is_ready or f"leaving-{newest}" in names
