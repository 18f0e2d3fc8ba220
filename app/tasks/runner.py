"""Does tasks: a bounded number at once in each worker, each under a lease in the database.

One greenlet takes tasks: at once after a submission to this worker and after each task that ends, else every
few seconds, for tasks that other workers left. Another renews the leases. A worker that stops gives its tasks
back; the leases of one that dies end by themselves.
"""

import logging
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from time import monotonic
from typing import Any

import gevent
import orjson
from flask import Flask
from gevent.event import Event
from gevent.lock import Semaphore

from app.extensions import Part
from app.retrying import backoff
from app.tasks import queue
from app.tasks.addresses import Address
from app.tasks.failures import TaskFailure, TryAgain
from app.tasks.queue import Taken, Taking

log = logging.getLogger("hub.tasks")

MOST_ATTEMPTS = 5
LOOK_SECONDS = 3.0  # between two queries of the queue without a submission or a finished task here
DELETE_SECONDS = 3600.0  # between two deletions of finished tasks
DATABASE_RETRY_SECONDS = 1.0
TOO_LATE = "The task was not finished before its deadline"

Describe = Callable[[str, str], dict[str, Any]]
"""From ad_archive_id and image_url to the concept; raises TaskFailure or TryAgain."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """Seconds; tasks at once per worker."""

    workers: int = 4
    lease_seconds: float = 30
    keep_seconds: float = 7 * 24 * 3600


class Runner:
    """Starts nothing until `start` or `wake` is called, in the worker; stops once, for good."""

    def __init__(
        self, app: Flask, describe: Describe, allows: Callable[[Address], bool], settings: RunnerSettings
    ) -> None:
        self.allows = allows
        self._app, self._describe, self._settings = app, describe, settings
        self._jobs: dict[Taking, gevent.Greenlet[..., None]] = {}
        self._owner = ""
        self._work = Event()
        self._loops: list[gevent.Greenlet[..., None]] = []
        self._is_stopped = False
        self._stopping = Semaphore()
        self._again_at = inf  # when the first of the tasks that were postponed here is due, by monotonic()
        self._deleted_at = monotonic() - random.uniform(0, DELETE_SECONDS)  # workers take turns

    def start(self) -> None:
        if self._loops or self._is_stopped:
            return
        self._owner = secrets.token_hex(8)
        self._loops = [gevent.spawn(self._look), gevent.spawn(self._renew)]

    def wake(self) -> None:
        """Takes a task that was just added."""
        self.start()
        self._work.set()

    def stop(self) -> None:
        """Ends every greenlet and gives unfinished tasks back; a second call waits for the first."""
        self._is_stopped = True
        with self._stopping:
            loops, self._loops = self._loops, []
            if loops:
                gevent.killall(loops)  # first, because they start new jobs
                gevent.killall(list(self._jobs.values()))
                self._give_back()

    def _give_back(self) -> None:
        try:
            self._in_app(queue.give_back, self._owner)
        except Exception as error:  # the leases end by themselves
            log.warning("tasks were not given back", extra={"error": type(error).__name__})

    def drain(self) -> None:
        self.stop()

    # Looking for work

    def _look(self) -> None:
        while True:
            self._work.clear()
            try:
                self._take()
                self._delete_finished()
            except Exception as error:
                log.warning("tasks can't be taken", extra={"error": type(error).__name__})
            self._work.wait(self._pause())

    def _pause(self) -> float:
        """Seconds until the next query: random, so that workers take turns; sooner for postponed tasks."""
        pause, until_again = random.uniform(LOOK_SECONDS / 2, LOOK_SECONDS), self._again_at - monotonic()
        if until_again <= 0:
            self._again_at = inf
        return max(0.0, min(pause, until_again))

    def _take(self) -> None:
        free = self._settings.workers - len(self._jobs)
        if free <= 0 or not self._in_app(queue.has_due):
            return
        for taken in self._in_app(queue.take, self._owner, free, self._settings.lease_seconds):
            job = gevent.spawn(self._do, taken)
            self._jobs[taken.taking] = job
            job.link(partial(self._freed, taken.taking))

    def _freed(self, taking: Taking, _job: object) -> None:
        self._jobs.pop(taking, None)
        self._work.set()

    def _delete_finished(self) -> None:
        if monotonic() - self._deleted_at >= DELETE_SECONDS:
            self._deleted_at = monotonic()
            self._in_app(queue.delete_finished, self._settings.keep_seconds)

    def _renew(self) -> None:
        pause = usual = self._settings.lease_seconds / 3
        while True:
            gevent.sleep(pause)
            pause, held = usual, set(self._jobs)
            try:
                lost = held - self._in_app(queue.renew, held, self._settings.lease_seconds)
            except Exception as error:
                log.warning("leases were not renewed", extra={"error": type(error).__name__})
                # Soon after the database is back, before other workers find leases that ended meanwhile.
                pause = min(DATABASE_RETRY_SECONDS, usual)
                continue
            for taking in lost & set(self._jobs):  # not those that finished meanwhile
                log.warning("another worker has taken the task", extra={"task": taking.uuid})
                self._jobs[taking].kill(block=False)

    # One task

    def _do(self, taken: Taken) -> None:
        taking, began = taken.taking, monotonic()
        outcome, settle = self._try(taken)
        counted = self._settle(settle)
        log.info(
            "task %s" if counted else "task %s, too late",
            outcome,
            extra={"task": taking.uuid, "attempt": taking.attempt, "seconds": round(monotonic() - began, 2)},
        )

    def _try(self, taken: Taken) -> tuple[str, Callable[[], bool]]:
        """The outcome for the log, and the call that stores it."""
        taking, ends = taken.taking, monotonic() + taken.seconds_left
        try:
            concept = self._describe_in_time(taken)
            return "completed", lambda: queue.complete(taking, orjson.dumps(concept).decode())
        except TryAgain as failure:
            wait = max(backoff(taking.attempt), failure.after or 0)
            if taking.attempt < MOST_ATTEMPTS and monotonic() + wait < ends:
                return f"postponed: {failure}", lambda: self._postpone(taking, wait)
            error = str(failure)
        except TaskFailure as failure:
            error = str(failure)
        except Exception:
            log.exception("unexpected failure", extra={"task": taking.uuid})
            error = "The task failed unexpectedly"
        return f"failed: {error}", lambda: queue.fail(taking, error)

    def _postpone(self, taking: Taking, seconds: float) -> bool:
        counted = queue.postpone(taking, seconds)
        self._again_at = min(self._again_at, monotonic() + seconds)
        return counted

    def _describe_in_time(self, taken: Taken) -> dict[str, Any]:
        if taken.taking.attempt > MOST_ATTEMPTS:  # only crashes lead to this: failures stop earlier
            raise TaskFailure(f"The task was interrupted {MOST_ATTEMPTS} times")
        if taken.seconds_left <= 0:
            raise TaskFailure(TOO_LATE)
        late = gevent.Timeout(taken.seconds_left)
        try:
            with late:
                return self._describe(taken.ad_archive_id, taken.image_url)
        except gevent.Timeout as timeout:
            if timeout is not late:
                raise
            raise TaskFailure(TOO_LATE) from timeout

    def _settle(self, settle: Callable[[], bool]) -> bool:
        """Stores the outcome, however long the database is away; meanwhile the job counts as running."""
        while True:
            try:
                return bool(self._in_app(settle))
            except Exception as error:
                log.warning("the outcome of a task can't be stored", extra={"error": type(error).__name__})
                gevent.sleep(DATABASE_RETRY_SECONDS)

    def _in_app(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with self._app.app_context():
            return function(*arguments)


runner_part: Part[Runner] = Part("tasks")
