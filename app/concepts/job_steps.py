"""Drives a task on by one step: one call to the service, and what follows from how that went."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

from app.concepts.answers import PENDING, PROCESSING, TaskAnswer
from app.concepts.backoff import delay
from app.concepts.breaker import Breaker
from app.concepts.client import UNREACHABLE, TaskClient
from app.concepts.failures import Busy, CallFailed, Malformed, ServiceUnreachable, TaskMissing, TaskRefused
from app.concepts.held_job import QUEUED, HeldJob
from app.concepts.live import FINAL
from app.concepts.meters import TaskMeters
from app.concepts.progress import Progress

log = logging.getLogger("hub.concepts")

MOST_MALFORMED = 3
MOST_RESUBMISSIONS = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a whole task, for a task that the service does not know yet, and between two calls."""

    deadline: float = 600
    grace: float = 30
    first: float = 1
    most: float = 30


class JobSteps:
    """`worker` is the name under which jobs are held and the service is called."""

    def __init__(
        self, client: TaskClient, breaker: Breaker, meters: TaskMeters, patience: Patience, worker: str
    ) -> None:
        self._client, self._breaker, self._meters = client, breaker, meters
        self._patience = patience
        self._worker = worker
        self._progress = Progress(worker)

    def advance(self, held: HeldJob) -> float | None:
        """One step. Seconds until the next one; None when there is nothing left to do.

        Needs an application context. Raises Lost, or what the database raises: then nothing is settled, and
        the step can be taken again.
        """
        if held.status in FINAL:
            self._progress.tell_again(held.concept, held.attempt)
            return None
        if self.time_left(held) <= 0:
            return self._fail(held, f"Not finished within {self._patience.deadline:g} seconds")
        held.tries += 1
        try:
            return self._submit(held) if held.task_id is None else self._ask(held)
        except CallFailed as failure:
            return self._after(failure, held)

    def time_left(self, held: HeldJob) -> float:
        return held.began_at + self._patience.deadline - monotonic()

    # Calls

    def _submit(self, held: HeldJob) -> float:
        ad_archive_id, image_url = self._progress.image(held.concept)
        key = f"{held.concept}.{held.attempt}.{held.resubmissions}"
        task_id = self._call(
            "submit", held, lambda: self._client.submit(ad_archive_id, image_url, key, self._worker)
        )
        self._progress.submitted(held.concept, held.attempt, task_id)
        held.task_id, held.submitted_at = task_id, monotonic()
        held.tries = held.malformed = 0
        held.tell(None)
        return self._delay(1)

    def _ask(self, held: HeldJob) -> float | None:
        task_id = str(held.task_id)
        answer = self._call("ask", held, lambda: self._client.ask(task_id, self._worker))
        held.malformed = 0
        if answer.status in FINAL:
            return self._finish(held, answer)
        if answer.status == PROCESSING and held.status == PENDING:
            self._progress.processing(held.concept, held.attempt)
            held.status, held.tries = PROCESSING, 1
        return self._delay(held.tries, answer.retry_after, held)

    def _call(self, what: str, held: HeldJob, call: Callable[[], T]) -> T:
        """Makes the call, if the breaker allows; counts it and writes it into the log."""
        if not self._breaker.allows():
            held.tries -= 1
            raise ServiceUnreachable(UNREACHABLE, self._breaker.wait())
        began, outcome = monotonic(), "given_up"
        try:
            result = call()
            outcome = "ok"
            return result
        except CallFailed as failure:
            outcome = failure.outcome
            raise
        finally:
            self._record(what, held, outcome, monotonic() - began)

    def _record(self, what: str, held: HeldJob, outcome: str, seconds: float) -> None:
        if outcome == "given_up":
            self._breaker.given_up()
        elif outcome in {"unreachable", "timed_out", "broken"}:
            self._breaker.failed()
        else:
            self._breaker.succeeded()
        if self._breaker.state != self._meters.breaker:
            log.warning("the breaker is %s", self._breaker.state, extra={"was": self._meters.breaker})
        self._meters.breaker = self._breaker.state
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
        held.malformed = held.malformed + 1 if isinstance(failure, Malformed) else 0
        is_over = not failure.is_passing or held.malformed >= MOST_MALFORMED
        if isinstance(failure, Busy):
            held.tell(QUEUED)
        if is_over or held.first_call is not None:
            return self._fail(held, failure.reason, failure)
        return self._delay(held.tries, failure.retry_after, held)

    def _after_missing(self, held: HeldJob) -> float | None:
        """It may not have got round at the service yet; after a while it is lost there."""
        known_for = monotonic() - (held.submitted_at or held.began_at)
        if known_for < self._patience.grace:
            return min(self._delay(held.tries), self._patience.grace - known_for + 0.1)
        if held.resubmissions >= MOST_RESUBMISSIONS:
            return self._fail(held, "The task service lost the task, twice")
        self._progress.begin_again(held.concept, held.attempt)
        held.task_id, held.submitted_at, held.status = None, None, PENDING
        held.resubmissions += 1
        held.tries = 0
        return 0.0

    def _fail(self, held: HeldJob, reason: str, failure: CallFailed | None = None) -> float | None:
        self._progress.failed(held.concept, held.attempt, reason)
        self._count(held, "failed")
        log.warning("task failed", extra={"concept": held.concept, "reason": reason})
        held.tell(failure)
        return None

    def _finish(self, held: HeldJob, answer: TaskAnswer) -> float | None:
        self._progress.finished(held.concept, held.attempt, answer)
        self._count(held, answer.status)
        return None

    def _count(self, held: HeldJob, status: str) -> None:
        self._meters.finished[status] += 1
        self._meters.processing_seconds.observe(monotonic() - held.began_at)

    def _delay(self, tries: int, asked: float | None = None, held: HeldJob | None = None) -> float:
        """Never sooner than the service asked for."""
        seconds = delay(max(1, tries), self._patience.first, self._patience.most)
        if asked is not None and held is not None:
            held.not_before = monotonic() + asked
            seconds = max(seconds, asked)
        return seconds
