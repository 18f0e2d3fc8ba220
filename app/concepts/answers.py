"""Answers of the task service, validated: nothing of them is used before. Pure."""

from dataclasses import dataclass
from typing import Any

import orjson

from app.concepts.failures import Malformed

PENDING, PROCESSING, COMPLETED, FAILED = "pending", "processing", "completed", "failed"
UNFINISHED, FINAL = (PENDING, PROCESSING), frozenset({COMPLETED, FAILED})
ERROR_LENGTH = TASK_ID_LENGTH = 200


@dataclass(frozen=True, slots=True)
class TaskAnswer:
    """The state of a task. `concept` is JSON, set when completed; `error` is a sentence, set when failed."""

    status: str
    concept: str | None = None
    error: str | None = None
    retry_after: float | None = None


def read_object(data: bytes) -> dict[str, Any]:
    """Raises Malformed for anything but a JSON object."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Malformed("The task service did not answer in JSON") from error
    if not isinstance(value, dict):
        raise Malformed("The task service did not answer with a JSON object")
    return value


def read_submission(body: dict[str, Any]) -> str:
    """The id of the new task."""
    task_id = body.get("task_id")
    is_good = isinstance(task_id, str) and 0 < len(task_id) <= TASK_ID_LENGTH and task_id.isprintable()
    if not isinstance(task_id, str) or not is_good or task_id in {".", ".."}:
        raise Malformed("The task service named no task")
    return task_id


def read_status(body: dict[str, Any], task_id: str, retry_after: float | None = None) -> TaskAnswer:
    """The state of the task `task_id`; an answer that names another task is Malformed."""
    if body.get("task_id", task_id) != task_id:
        raise Malformed("The task service answered about another task")
    status = body.get("status")
    if status == COMPLETED:
        return TaskAnswer(COMPLETED, concept=_read_concept(body.get("result")))
    if status == FAILED:
        return TaskAnswer(FAILED, error=readable(body.get("error")) or "The task failed")
    if status in UNFINISHED:
        return TaskAnswer(status, retry_after=retry_after)
    raise Malformed("The task service named no status that is known")


def _read_concept(result: object) -> str:
    """`{"concept_json": {…}}`, or the concept itself."""
    concept = result.get("concept_json", result) if isinstance(result, dict) else None
    if not isinstance(concept, dict) or not concept:
        raise Malformed("The task service completed the task without a concept")
    try:
        return orjson.dumps(concept).decode()
    except orjson.JSONEncodeError as error:
        raise Malformed("The concept can't be kept: it is nested too deeply") from error


def readable(text: object) -> str:
    """The text as it is stored and shown: one line of bounded length; empty for anything but a text."""
    if not isinstance(text, str):
        return ""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 10 * ERROR_LENGTH]).split())
    return line if len(line) <= ERROR_LENGTH else line[: ERROR_LENGTH - 1] + "…"
