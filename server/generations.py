"""Generations of workers: on a reload, those of the old generation wait for those of the new one.

On SIGHUP gunicorn starts new workers and ends the old ones in the same moment, so that for seconds no worker
would answer. Here each worker has a generation, and before it ends a worker looks at three kinds of files in
the folder that all share:

- `generation`: the newest generation and its number of workers, written by the main process;
- `ready-<generation>-<pid>`: made by each worker once it serves;
- `leaving-<generation>`: made by the main process when the whole server stops, so that no worker waits.

Where the folder is lost, no worker waits.
"""

import os
from contextlib import suppress
from pathlib import Path
from time import monotonic

import gevent

WAIT_SECONDS = 60.0
LOOK_SECONDS = 0.1


def announce_generation(folder: Path, generation: int, workers: int) -> None:
    """Called in the main process, before the workers of this generation are started."""
    draft = folder / ".generation"
    with suppress(OSError):
        draft.write_text(f"{generation} {workers}")
        draft.replace(folder / "generation")  # a reader finds the whole line


def announce_stop(folder: Path, generation: int) -> None:
    """Called in the main process: workers that wait for this generation wait no longer."""
    with suppress(OSError):
        (folder / f"leaving-{generation}").touch()


class WorkerGeneration:
    """The generation that a worker belongs to."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self._number = number

    def announce_ready(self) -> None:
        """This worker serves."""
        with suppress(OSError):
            (self._folder / f"ready-{self._number}-{os.getpid()}").touch()

    def wait_for_next(self) -> None:
        """Returns when this worker may end: the next generation serves, or none will follow."""
        deadline = monotonic() + WAIT_SECONDS
        while monotonic() < deadline and not self._may_end():
            gevent.sleep(LOOK_SECONDS)

    def _may_end(self) -> bool:
        try:
            newest, workers = map(int, (self._folder / "generation").read_text().split())
            names = [path.name for path in self._folder.iterdir()]
        except (OSError, ValueError):  # there was no reload
            return True
        if newest == self._number:
            return True
        is_ready = sum(name.startswith(f"ready-{newest}-") for name in names) >= workers
        return is_ready or f"leaving-{newest}" in names
