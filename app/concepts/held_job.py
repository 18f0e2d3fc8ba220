"""The held job: what a worker remembers of a job that it holds. Its fields change in this file only."""

from dataclasses import dataclass, field
from time import monotonic

import gevent
from gevent.event import AsyncResult

from app.concepts.answers import PENDING, PROCESSING
from app.concepts.failures import CallFailed, Malformed
from app.concepts.leases import ClaimedJob, NewLease


@dataclass(eq=False, slots=True)
class HeldJob:
    """Times are the worker's own monotonic clock.

    `tries` counts the calls since the task last made progress, `malformed` the malformed answers in a row.
    The service asked for no call before `not_before`.
    """

    concept: str
    attempt: int
    status: str
    task_id: str | None
    resubmissions: int
    began_at: float
    submitted_at: float | None
    leased_until: float
    tries: int = 0
    malformed: int = 0
    not_before: float = 0.0
    _first_call: "AsyncResult[CallFailed | None] | None" = field(default=None, init=False, repr=False)

    @classmethod
    def of_new(cls, concept: str, attempt: int, lease: NewLease) -> "HeldJob":
        """The job of an attempt that begins now."""
        return cls(concept, attempt, PENDING, None, 0, lease.taken_at, None, lease.until)

    @classmethod
    def of_claimed(cls, job: ClaimedJob, leased_until: float) -> "HeldJob":
        now = monotonic()
        submitted = None if job.submitted_ago is None else now - job.submitted_ago
        known = (job.concept, job.attempt, job.status, job.task_id, job.resubmissions)
        return cls(*known, now - job.age, submitted, leased_until)

    @property
    def is_leased(self) -> bool:
        """False for a new job that this worker has no room for: any worker claims it."""
        return self.leased_until > 0

    def renew(self, leased_until: float) -> None:
        self.leased_until = leased_until

    # How the task goes

    def begin_call(self) -> None:
        self.tries += 1

    def skip_call(self) -> None:
        """The circuit breaker did not allow the call that was begun."""
        self.tries -= 1

    def set_submitted(self, task_id: str) -> None:
        self.task_id, self.submitted_at = task_id, monotonic()
        self.tries = self.malformed = 0
        self.tell_requester()

    def set_answered(self) -> None:
        self.malformed = 0

    def set_processing(self) -> None:
        self.status, self.tries = PROCESSING, 1

    def set_lost(self) -> None:
        """The service has lost the task: it is submitted once more."""
        self.task_id, self.submitted_at, self.status = None, None, PENDING
        self.resubmissions += 1
        self.tries = 0

    def count_failure(self, failure: CallFailed) -> None:
        self.malformed = self.malformed + 1 if isinstance(failure, Malformed) else 0

    def postpone(self, seconds: float) -> None:
        """The service asked for no call within that many seconds."""
        self.not_before = monotonic() + seconds

    # The request that submitted the task

    @property
    def has_requester(self) -> bool:
        """Whether a request waits for the first call: then a failure of that call ends the attempt."""
        return self._first_call is not None

    def add_requester(self) -> "AsyncResult[CallFailed | None]":
        """To be called before a worker takes the job's first step; `await_first_call` takes the result."""
        self._first_call = AsyncResult()
        return self._first_call

    def await_first_call(self, call: "AsyncResult[CallFailed | None]", seconds: float) -> None:
        """Returns when the task is submitted or its submission is queued, at the latest after `seconds`.

        Raises CallFailed for the failure that ended the attempt.
        """
        try:
            failure = call.get(timeout=seconds)
        except gevent.Timeout:
            self._first_call = None  # from now on a failed call is tried again
            return
        if failure is not None:
            raise failure

    def tell_requester(self, failure: CallFailed | None = None) -> None:
        """Ends the wait of the request: the task is submitted or queued, or `failure` ended the attempt."""
        call, self._first_call = self._first_call, None
        if call is not None:
            call.set(failure)
