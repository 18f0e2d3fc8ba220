"""The metrics of this worker, combined with those of the other workers of the instance."""

import logging
from pathlib import Path

import gevent

from app.ops.metrics.families import FAMILIES, MetricsSource
from app.ops.metrics.family import Snapshot, combine, take
from app.ops.metrics.siblings import Siblings

log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0


class Metrics:
    """This worker's metrics alone until `share` is called."""

    def __init__(self, worker: MetricsSource) -> None:
        self._worker = worker
        self._siblings: Siblings | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._is_failing = False

    def share(self, folder: Path) -> None:
        """From now on all workers that share the folder expose the same numbers."""
        self._siblings = Siblings(folder)
        self._greenlet = gevent.spawn(self._work, self._siblings)

    def stop(self) -> None:
        """Writes the last snapshot of a worker that exits."""
        if self._siblings is not None and self._greenlet is not None:
            self._greenlet.kill()
            self._write(self._siblings)

    def now(self) -> Snapshot:
        """The metrics of all workers together. Raises OSError while those of the others can't be read.

        The own snapshot is written first: if this worker is killed then, the totals do not fall.
        """
        own = take(FAMILIES, self._worker)
        if self._siblings is None:
            return combine(FAMILIES, [own])
        self._siblings.write_snapshot(own)
        return combine(FAMILIES, [own, *self._siblings.others()])

    def _work(self, siblings: Siblings) -> None:
        while True:
            self._write(siblings)
            gevent.sleep(WRITE_SECONDS)

    def _write(self, siblings: Siblings) -> None:
        try:
            if not siblings.is_present:
                siblings.enter()
            siblings.write_snapshot(take(FAMILIES, self._worker))
            siblings.merge_ended()
            self._is_failing = False
        except Exception:
            if not self._is_failing:
                log.exception("metrics can't be shared with the other workers")
            self._is_failing = True
