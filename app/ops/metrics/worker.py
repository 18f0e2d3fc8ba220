"""The numbers of this worker, and of its siblings where it has any."""

import logging
from pathlib import Path

import gevent

from app.ops.metrics.families import FAMILIES, MetricsSource
from app.ops.metrics.family import Snapshot, combine, take
from app.ops.metrics.siblings import Siblings

log = logging.getLogger(__name__)

TELL_SECONDS = 1.0


class Metrics:
    """Alone until `share` is called."""

    def __init__(self, worker: MetricsSource) -> None:
        self._worker = worker
        self._siblings: Siblings | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._is_failing = False

    def share(self, folder: Path) -> None:
        """From now on this worker and all others that share the folder have the same numbers to show."""
        self._siblings = Siblings(folder)
        self._greenlet = gevent.spawn(self._work, self._siblings)

    def stop(self) -> None:
        """Tells the last numbers of a worker that exits."""
        if self._siblings is not None and self._greenlet is not None:
            self._greenlet.kill()
            self._tell(self._siblings)

    def now(self) -> Snapshot:
        """Of all workers together. Raises OSError while their numbers can't be had.

        What is shown stands in this worker's file before: should it be killed, totals don't fall.
        """
        own = take(FAMILIES, self._worker)
        if self._siblings is None:
            return combine(FAMILIES, [own])
        self._siblings.tell(own)
        return combine(FAMILIES, [own, *self._siblings.others()])

    def _work(self, siblings: Siblings) -> None:
        while True:
            self._tell(siblings)
            gevent.sleep(TELL_SECONDS)

    def _tell(self, siblings: Siblings) -> None:
        try:
            if not siblings.is_present:
                siblings.enter()
            siblings.tell(take(FAMILIES, self._worker))
            siblings.bury()
            self._is_failing = False
        except Exception:
            if not self._is_failing:
                log.exception("metrics can't be shared with the other workers")
            self._is_failing = True
