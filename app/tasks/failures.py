"""Why a task could not be done. Whoever asks for the task sees the messages: nothing secret in them."""


class TaskFailure(Exception):
    """Trying again would end the same way."""


class TryAgain(TaskFailure):
    """It may go well later; `after` is how many seconds somebody asked to wait, None when nobody did."""

    def __init__(self, message: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(message)
