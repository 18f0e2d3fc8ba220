"""The main process's part in reload and stop, around gunicorn's own.

- A release or settings that can't be loaded are refused before any worker ends (see server/trial.py).
- Workers that wait for the next generation (see server/generations.py) wait no longer when the whole server
  stops: on SIGTERM, even in the middle of a reload, or because a new worker can't start.
"""

import signal
import sys
from types import FrameType
from typing import Any

from gunicorn.arbiter import Arbiter

from server.generations import announce_stop
from server.trial import Trial

OF_THE_RELEASE = {"config", "server"}
"""Packages that the main process loads; the application's are loaded by each worker."""


class GracefulReload:
    """Takes the place of the `stop` and `reload` of gunicorn's arbiter and of its handler of SIGTERM.

    It stays in the main process over every reload, so it is of the release that the server was started with.
    The hooks are those of the newest release: between both only `metrics_folder` and `generation` of the
    arbiter are shared.
    """

    def __init__(self, arbiter: Arbiter) -> None:
        self._arbiter = arbiter
        self._stop, self._reload = arbiter.stop, arbiter.reload
        self._trial: Trial | None = None
        self._is_ending = False

    def install(self) -> None:
        """Called after gunicorn's signal handlers are in place."""
        note_signal: Any = signal.getsignal(signal.SIGTERM)  # gunicorn's function

        def handle_term(number: int, frame: FrameType | None) -> None:
            self.end()
            note_signal(number, frame)

        signal.signal(signal.SIGTERM, handle_term)
        self._arbiter.stop, self._arbiter.reload = self.stop, self.reload

    def end(self) -> None:
        """SIGTERM arrived, which gunicorn handles after what it is doing now."""
        self._is_ending = True
        if self._trial is not None:
            self._trial.cancel()
        self._announce_stop()

    def stop(self, graceful: bool = True) -> None:
        self._announce_stop()
        self._stop(graceful)

    def reload(self) -> None:
        self._trial = Trial(self._arbiter.START_CTX["cwd"])
        if self._is_ending:  # SIGTERM came first; one that comes from here on cancels the trial
            return
        problem = self._trial.run()
        self._trial = None
        if self._is_ending:
            return
        if problem:
            self._arbiter.log.error("Nothing is reloaded and no worker stops: %s", problem)
            return
        forget_release()
        self._reload()

    def _announce_stop(self) -> None:
        announce_stop(self._arbiter.metrics_folder, self._arbiter.generation)


def forget_release() -> None:
    """Afterwards gunicorn imports the files on the disk, as the trial did: the settings and the hooks of the
    release whose application the new workers load. Functions of the old modules that are in use stay whole.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in OF_THE_RELEASE:
            del sys.modules[name]
