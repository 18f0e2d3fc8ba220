"""The folder where the workers of one server find each other's metrics and the state of a reload.

Its name is `hub-metrics-…`. It is locked for as long as the main process or one of the workers lives.
"""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


def make_metrics_folder(root: str | None) -> tuple[Path, int]:
    """A new folder in `root` (the system's folder for temporary files when None), and the descriptor that
    holds its lock. Removes the folders of servers that were killed: their locks are free."""
    parent = Path(root or tempfile.gettempdir())
    for found in parent.glob("hub-metrics-*"):
        with suppress(OSError):  # in use, or another user's
            os.close(_lock(found))
            shutil.rmtree(found)
    draft = Path(tempfile.mkdtemp(prefix=".hub-metrics-", dir=parent))
    lock = _lock(draft)
    return draft.rename(parent / draft.name[1:]), lock  # locked before another server can see it


def _lock(folder: Path) -> int:
    """The descriptor that holds the lock; raises OSError."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock
