"""The failures of tasks. Clients see their messages, so these hold nothing secret."""


class TaskFailure(Exception):
    """The task failed, and would fail again."""


class TryAgain(TaskFailure):
    """The task may succeed later. `after`: the seconds to wait that a server asked for, or None."""

    def __init__(self, message: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(message)
