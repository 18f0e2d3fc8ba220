"""A disk that can be filled: a small tmpfs where one can be mounted (as root), else a limit on files."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from tests.support.hub import HubProcess

MEGABYTES = 16  # SQLite's log alone takes four before it is written back


class SmallDisk(Protocol):
    name: str
    can_log: bool  # the log is on another disk

    def fill(self, hub: HubProcess) -> None:
        """From now on no file of the hub can grow."""

    def free(self, hub: HubProcess) -> None:
        """There is room again."""


class Tmpfs:
    """Filled by somebody else's file, to the last byte."""

    name = f"a tmpfs of {MEGABYTES} MB"
    can_log = True

    def __init__(self, directory: Path) -> None:
        self._filler = directory / "somebody's file"

    def fill(self, hub: HubProcess) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                return

    def free(self, hub: HubProcess) -> None:
        self._filler.unlink()


class FileSizeLimit:
    """RLIMIT_FSIZE of the workers, set below what their files have."""

    name = "RLIMIT_FSIZE"
    can_log = False

    def fill(self, hub: HubProcess) -> None:
        self._limit(hub, 1)

    def free(self, hub: HubProcess) -> None:
        self._limit(hub, resource.RLIM_INFINITY)

    def _limit(self, hub: HubProcess, size: int) -> None:
        for pid in hub.worker_pids():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@contextmanager
def small_disk(directory: Path) -> Iterator[SmallDisk]:
    """`directory` is on it."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(directory)]
    has_mount = shutil.which("mount") is not None
    if not has_mount or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        yield FileSizeLimit()
        return
    try:
        yield Tmpfs(directory)
    finally:
        subprocess.run(["umount", "-l", str(directory)], check=True)
