"""The workers of one instance share their metrics through files in a common folder.

`<id>.json` is a worker's newest snapshot. `<id>.lock` is a file that the worker locks for as long as it
lives: the kernel releases the lock however the worker ends. The first worker that finds the files of an ended
one adds its counters to `ended.json`, with its id. A reader takes no lock: it reads `ended.json` last, and
ignores the snapshot of a worker whose id is in it.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import NamedTuple

import orjson

from app.ops.metrics.families import LASTING, SILENCE
from app.ops.metrics.family import Snapshot, combine

ENDED = "ended"
IDS_KEPT = 1000  # far more than workers can end between two reads of one reader


class SiblingReport(NamedTuple):
    """`ids` are the workers whose numbers it contains."""

    ids: list[str]
    snapshot: Snapshot

    def encode(self) -> bytes:
        flat = {name: list(series.items()) for name, series in self.snapshot.items()}
        return orjson.dumps([self.ids, flat])

    @classmethod
    def decode(cls, text: bytes) -> "SiblingReport | None":
        """None for a report of another release that this one can't read."""
        try:
            ids, flat = orjson.loads(text)
            return cls(ids, {name: {tuple(k): v for k, v in pairs} for name, pairs in flat.items()})
        except (ValueError, TypeError, AttributeError):
            return None


class Siblings:
    """This worker's files in the folder, and those of the others. Every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        self.id = secrets.token_hex(8)
        self._folder = folder
        self._lock = -1

    @property
    def is_present(self) -> bool:
        """False when the folder was removed: some systems clean up a user's files in memory."""
        return self._path(self.id, "lock").exists()

    def enter(self) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self.leave()
        draft = self._folder / f".{self.id}"
        self._lock = os.open(draft, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        draft.rename(self._path(self.id, "lock"))  # locked before another worker can see it

    def leave(self) -> None:
        """Releases the lock, as the end of this worker does."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def write_snapshot(self, snapshot: Snapshot) -> None:
        self._write(SiblingReport([self.id], snapshot))

    def others(self) -> list[Snapshot]:
        """The snapshots of the other workers, and the counters of those that ended."""
        found = {id: report for id in self._ids() if id != self.id and (report := self._read(id))}
        living = {id for id in found if self._is_alive(id)}
        ended = self._read(ENDED) or SiblingReport([], {})
        reports = {id: report for id, report in found.items() if id not in ended.ids}
        gone = (report.snapshot for id, report in reports.items() if id not in living)
        lasting = combine(LASTING, [ended.snapshot, *gone])
        return [lasting, *(self._with_silence(id, reports[id]) for id in living if id in reports)]

    def _with_silence(self, id: str, report: SiblingReport) -> Snapshot:
        """Adds the snapshot's age: the last snapshot of a frozen worker looks healthy."""
        with suppress(FileNotFoundError):
            age = time() - self._path(id, "json").stat().st_mtime
            return report.snapshot | {SILENCE: {(): [max(0.0, age)]}}
        return report.snapshot

    def merge_ended(self) -> None:
        """Adds the counters of ended workers to `ended.json` and removes their files."""
        ended = [id for id in self._ids() if id != self.id and not self._is_alive(id)]
        if not ended:
            return
        with self._alone() as is_alone:
            if is_alone:
                self._merge(ended)

    def _merge(self, ids: list[str]) -> None:
        known = self._read(ENDED) or SiblingReport([], {})
        found = {id: report for id in ids if id not in known.ids and (report := self._read(id))}
        snapshot = combine(LASTING, [known.snapshot, *(report.snapshot for report in found.values())])
        self._write(SiblingReport([*known.ids, *found][-IDS_KEPT:], snapshot), ENDED)
        for id in ids:
            for kind in ("json", "lock"):
                self._path(id, kind).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether this worker is the only one in the `with` block."""
        lock = os.open(self._folder / ENDED, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(lock)

    def _ids(self) -> list[str]:
        return [name.removesuffix(".lock") for name in os.listdir(self._folder) if is_lock(name)]  # noqa: PTH208

    def _is_alive(self, id: str) -> bool:
        """Tested with a shared lock, which another worker's test does not take for the owner's lock."""
        try:
            lock = os.open(self._path(id, "lock"), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _read(self, name: str) -> SiblingReport | None:
        """None when there is no snapshot yet, when this release can't read it, or when it was merged."""
        with suppress(FileNotFoundError):
            return SiblingReport.decode(self._path(name, "json").read_bytes())
        return None

    def _write(self, report: SiblingReport, name: str = "") -> None:
        name = name or self.id
        draft = self._folder / f".{name}.{self.id}"
        draft.write_bytes(report.encode())
        draft.replace(self._path(name, "json"))

    def _path(self, name: str, kind: str) -> Path:
        return self._folder / f"{name}.{kind}"


def is_lock(name: str) -> bool:
    return name.endswith(".lock") and not name.startswith(".")
