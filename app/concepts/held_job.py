"""What a worker remembers of a job that it holds."""

from dataclasses import dataclass, field
from time import monotonic

from gevent.event import AsyncResult

from app.concepts.failures import CallFailed
from app.concepts.leases import Claimed


@dataclass(eq=False, slots=True)
class HeldJob:
    """Times are the worker's own monotonic clock. `tries` counts calls since the task was last seen to move,
    `malformed` answers in a row that made no sense, `not_before` is what the service asked for.

    `first_call` is there while a request waits to be told how the submission went: None for well, the
    failure that ended the attempt, or `QUEUED`.
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
    first_call: "AsyncResult[CallFailed | None] | None" = field(default=None, repr=False)

    @classmethod
    def of(cls, claimed: Claimed, leased_until: float) -> "HeldJob":
        now = monotonic()
        submitted = None if claimed.submitted_ago is None else now - claimed.submitted_ago
        return cls(
            claimed.concept,
            claimed.attempt,
            claimed.status,
            claimed.task_id,
            claimed.resubmissions,
            now - claimed.age,
            submitted,
            leased_until,
        )

    def tell(self, failure: CallFailed | None) -> None:
        """Whoever waits for the first call learns how it went; nobody waits any longer."""
        waiting, self.first_call = self.first_call, None
        if waiting is not None:
            waiting.set(failure)


class Queued(CallFailed):
    """The submission follows later: the service is busy, or this worker is."""

    outcome = "queued"


QUEUED = Queued("The task is queued")
