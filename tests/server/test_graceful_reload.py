"""The main process's part in a reload, with an arbiter that only counts; real ones are in tests/e2e."""

from typing import Any

import pytest

from server.graceful_reload import GracefulReload
from server.trial import Trial


class Arbiter:
    START_CTX = {"cwd": "."}
    generation = 0

    def __init__(self, folder: Any) -> None:
        self.metrics_folder = folder
        self.reloads = 0

    def stop(self, graceful: bool = True) -> None: ...

    def reload(self) -> None:
        self.reloads += 1


def test_a_reload_behind_a_stop_tries_no_release(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """gunicorn queues a SIGHUP; a SIGTERM may be noted before it is handled."""
    trials: list[Trial] = []
    monkeypatch.setattr(Trial, "run", lambda trial: trials.append(trial) or "")
    arbiter = Arbiter(tmp_path)
    reload = GracefulReload(arbiter)  # type: ignore[arg-type]
    reload.end()
    reload.reload()
    assert (trials, arbiter.reloads) == ([], 0)
    assert (tmp_path / "leaving-0").exists()
