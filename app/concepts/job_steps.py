"""The steps of a job: each is one call to the task service, and what follows from its outcome."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from app.concepts.answers import FAILED, FINAL, PENDING, PROCESSING, TaskAnswer
from app.concepts.breaker import Breaker
from app.concepts.client import UNREACHABLE, TaskClient
from app.concepts.failures import Busy, CallFailed, ServiceUnreachable, TaskMissing, TaskRefused
from app.concepts.held_job import HeldJob
from app.concepts.meters import TaskMeters
from app.concepts.progress import Progress
from app.retrying import backoff

log = logging.getLogger("hub.concepts")

MOST_MALFORMED = 3
MOST_RESUBMISSIONS = 1
GIVEN_UP = "given_up"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TaskTiming:
    """Seconds: a whole task may take `deadline`, a new task may be unknown to the service for `grace`, and
    `first` to `most` pass between two calls."""

    deadline: float = 600
    grace: float = 30
    first: float = 1
    most: float = 30


class JobSteps:
    """`worker` is the name of this worker, as holder of jobs and as caller of the service."""

    def __init__(
        self, client: TaskClient, breaker: Breaker, meters: TaskMeters, timing: TaskTiming, worker: str
    ) -> None:
        self._client, self._breaker, self._meters = client, breaker, meters
        self._timing = timing
        self._worker = worker
        self._progress = Progress(worker)

    def advance(self, held: HeldJob) -> float | None:
        """Takes one step. Returns the seconds until the next one; None when the job is done.

        Needs an application context. Raises JobLost, and what the database raises: then the step can be taken
        again.
        """
        if held.status in FINAL:
            self._progress.publish_again(held.concept, held.attempt)
            return None
        if self.time_left(held) <= 0:
            return self._fail(held, f"Not finished within {self._timing.deadline:g} seconds")
        held.begin_call()
        try:
            return self._submit(held) if held.task_id is None else self._ask(held)
        except CallFailed as failure:
            return self._after(failure, held)

    def time_left(self, held: HeldJob) -> float:
        return held.began_at + self._timing.deadline - monotonic()

    # Calls

    def _submit(self, held: HeldJob) -> float:
        ad_archive_id, image_url = self._progress.image(held.concept)
        key = f"{held.concept}.{held.attempt}.{held.resubmissions}"
        task_id = self._call(
            "submit", held, lambda: self._client.submit(ad_archive_id, image_url, key, self._worker)
        )
        self._progress.submitted(held.concept, held.attempt, task_id)
        held.set_submitted(task_id)
        return self._delay(1)

    def _ask(self, held: HeldJob) -> float | None:
        task_id = str(held.task_id)
        answer = self._call("ask", held, lambda: self._client.ask(task_id, self._worker))
        held.set_answered()
        if answer.status in FINAL:
            return self._finish(held, answer)
        if answer.status == PROCESSING and held.status == PENDING:
            self._progress.processing(held.concept, held.attempt)
            held.set_processing()
        return self._delay(held.tries, answer.retry_after, held)

    def _call(self, what: str, held: HeldJob, call: Callable[[], T]) -> T:
        """Makes the call if the circuit breaker allows it; counts and logs it."""
        if not self._breaker.allows():
            held.skip_call()
            raise ServiceUnreachable(UNREACHABLE, self._breaker.wait())
        began, outcome, is_down = monotonic(), GIVEN_UP, False
        try:
            result = call()
            outcome = "ok"
            return result
        except CallFailed as failure:
            outcome, is_down = failure.outcome, failure.is_down
            raise
        finally:
            self._tell_breaker(outcome, is_down)
            self._record(what, held, outcome, monotonic() - began)

    def _tell_breaker(self, outcome: str, is_down: bool) -> None:
        if outcome == GIVEN_UP:
            self._breaker.given_up()
        elif is_down:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        if self._breaker.state != self._meters.breaker:
            log.warning("the circuit breaker is %s", self._breaker.state, extra={"was": self._meters.breaker})
        self._meters.breaker = self._breaker.state

    def _record(self, what: str, held: HeldJob, outcome: str, seconds: float) -> None:
        self._meters.calls[outcome] += 1
        self._meters.call_seconds.observe(seconds)
        log.info(
            "task %s",
            what,
            extra={
                "outcome": outcome,
                "seconds": round(seconds, 3),
                "concept": held.concept,
                "task": held.task_id,
                "attempt": held.attempt,
                "try": held.tries,
            },
        )

    # What follows

    def _after(self, failure: CallFailed, held: HeldJob) -> float | None:
        if isinstance(failure, TaskMissing):
            if held.task_id is not None:
                return self._after_missing(held)
            failure = TaskRefused("There is no task service at its address")
        held.count_failure(failure)
        is_over = not failure.is_passing or held.malformed >= MOST_MALFORMED
        if isinstance(failure, Busy):
            held.tell_requester()
        if is_over or held.has_requester:
            return self._fail(held, failure.reason, failure)
        return self._delay(held.tries, failure.retry_after, held)

    def _after_missing(self, held: HeldJob) -> float | None:
        """A new task may not be known to all of the service yet; after `grace` seconds it counts as lost."""
        known_for = monotonic() - (held.submitted_at or held.began_at)
        if known_for < self._timing.grace:
            return min(self._delay(held.tries), self._timing.grace - known_for + 0.1)
        if held.resubmissions >= MOST_RESUBMISSIONS:
            return self._fail(held, "The task service lost the task, twice")
        self._progress.begin_again(held.concept, held.attempt)
        held.set_lost()
        return 0.0

    def _fail(self, held: HeldJob, reason: str, failure: CallFailed | None = None) -> float | None:
        self._progress.failed(held.concept, held.attempt, reason)
        self._count(held, FAILED)
        log.warning("task failed", extra={"concept": held.concept, "reason": reason})
        held.tell_requester(failure)
        return None

    def _finish(self, held: HeldJob, answer: TaskAnswer) -> float | None:
        self._progress.finished(held.concept, held.attempt, answer)
        self._count(held, answer.status)
        return None

    def _count(self, held: HeldJob, status: str) -> None:
        self._meters.finished[status] += 1
        self._meters.processing_seconds.observe(monotonic() - held.began_at)

    def _delay(self, tries: int, asked: float | None = None, held: HeldJob | None = None) -> float:
        """Seconds until the next call: the backoff, and no less than the service asked for."""
        seconds = backoff(max(1, tries), self._timing.first, self._timing.most)
        if asked is not None and held is not None:
            held.postpone(asked)
            seconds = max(seconds, asked)
        return seconds
