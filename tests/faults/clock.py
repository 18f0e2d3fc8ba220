"""The wall clock of a hub, moved while it runs: libfaketime, which leaves the monotonic clock alone."""

from __future__ import annotations

from pathlib import Path


def find_faketime() -> Path | None:
    return next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


class Clock:
    """`settings` are for the environment of the hub."""

    def __init__(self, library: Path, file: Path) -> None:
        self._file = file
        self.move(0)
        self.settings = {
            "LD_PRELOAD": str(library),
            "PYTHONPATH": str(Path(__file__).parent / "faketime"),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def move(self, hours: int) -> None:
        """From now on it is that far from the true one."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{hours * 3600:+d}\n")
        draft.replace(self._file)
