"""What a task service may say."""

import json
from typing import Any

import pytest

from app.concepts.answers import TaskAnswer, read_object, read_status, readable
from app.concepts.failures import Malformed


def read(**body: Any) -> TaskAnswer:
    return read_status(read_object(json.dumps(body).encode()), "t1")


@pytest.mark.parametrize("status", ["pending", "processing"])
def test_unfinished(status: str) -> None:
    assert read(task_id="t1", status=status) == TaskAnswer(status)
    assert read(status=status, result={"concept_json": {"a": 1}}, error="x") == TaskAnswer(status)


@pytest.mark.parametrize(
    "result", [{"concept_json": {"a": 1}}, {"a": 1}, {"concept_json": {"a": 1}, "model": "x"}]
)
def test_completed_in_either_form(result: dict[str, Any]) -> None:
    assert read(status="completed", result=result) == TaskAnswer("completed", concept='{"a":1}')


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("no luck", "no luck"),
        (" no\n luck\0 ", "no luck"),
        ("x" * 5000, "x" * 199 + "…"),
        ("", "The task failed"),
        (None, "The task failed"),
        ({"code": 5}, "The task failed"),
    ],
)
def test_failed(error: object, told: str) -> None:
    assert read(status="failed", error=error) == TaskAnswer("failed", error=told)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": None},
        {"status": "done"},
        {"status": "COMPLETED"},
        {"status": ["pending"]},
        {"status": {"pending": 1}},
        {"status": "pending", "task_id": "t2"},
        {"status": "pending", "task_id": None},
        {"status": "completed"},
        {"status": "completed", "result": None},
        {"status": "completed", "result": {}},
        {"status": "completed", "result": []},
        {"status": "completed", "result": "x"},
        {"status": "completed", "result": {"concept_json": None}},
        {"status": "completed", "result": {"concept_json": {}}},
        {"status": "completed", "result": {"concept_json": "{}"}},
        {"status": "completed", "result": {"concept_json": [1]}},
    ],
)
def test_nonsense(body: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read(**body)


@pytest.mark.parametrize("data", [b"", b"x", b"[]", b"null", b'"x"', b"\xff", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_object(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_object(data)


def test_a_concept_that_is_nested_too_deeply_to_be_kept() -> None:
    deep = b'{"status": "completed", "result": ' + b'{"a":' * 500 + b"1" + b"}" * 501
    with pytest.raises(Malformed, match="too deeply"):
        read_status(read_object(deep), "t1")


def test_texts_that_are_shown() -> None:
    assert readable("a\x1b[31mb\r\nc") == "a [31mb c"
    assert readable(5) == ""
