"""The ways in which a call to the task service fails, and what each means for the task."""


class CallFailed(Exception):
    """`reason` is a sentence for the person whose task it is; `retry_after` is in seconds.

    `is_passing`: the same call may succeed later. `is_down`: the whole service fails, which
    counts for the circuit breaker.
    """

    outcome = "failed"
    is_passing = True
    is_down = False

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        self.reason = reason
        self.retry_after = retry_after
        super().__init__(reason)


class ServiceUnreachable(CallFailed):
    outcome = "unreachable"
    is_down = True


class TimedOut(CallFailed):
    outcome = "timed_out"
    is_down = True


class Broken(CallFailed):
    """The service says that it failed itself (5xx)."""

    outcome = "broken"
    is_down = True


class Busy(CallFailed):
    """The service asks to wait (429, or 503 with `Retry-After`)."""

    outcome = "busy"


class TaskMissing(CallFailed):
    """The service does not know the task (404)."""

    outcome = "missing"


class Malformed(CallFailed):
    """An answer that does not follow the contract of the service. Once, it may be an accident."""

    outcome = "malformed"


class TaskRefused(CallFailed):
    """The service refuses the task for good."""

    outcome = "refused"
    is_passing = False
