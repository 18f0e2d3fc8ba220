"""What the gateway sends over sockets and streams is as /asyncapi.json describes it."""

import json
from typing import Any

import pytest
from flask import Flask

from app.gateway import codec
from tests.support.documents import problems
from tests.support.sse import Decoder


def assert_described(asyncapi: Any, key: str, name: str, text: bytes | str) -> None:
    message = asyncapi["channels"][key]["messages"][name]
    assert not problems(asyncapi, message["payload"], json.loads(text))


@pytest.mark.parametrize("timestamp", [1795258800.25, None])
def test_requests_are_described(asyncapi: Any, timestamp: float | None) -> None:
    frame = codec.frame({"message": "hello", "nested": {"a": []}}, "dora", "id-1", timestamp)
    assert_described(asyncapi, "gateway_connect", "request", frame)


def test_refusals_are_described(asyncapi: Any) -> None:
    assert_described(asyncapi, "gateway_connect", "error", codec.error_frame())


@pytest.mark.parametrize("type", ["final_response", "status"])
def test_answers_are_described_on_both_sides(asyncapi: Any, type: str) -> None:
    text = json.dumps({"correlation_id": "id-1", "type": type})
    assert_described(asyncapi, "gateway_connect", "answer", text)
    answer = codec.read_answer(text.encode())
    assert_described(asyncapi, "gateway_send", "reply", answer.text)


def test_failures_are_described(app: Flask, asyncapi: Any) -> None:
    body = {"user_id": "nobody", "data": {"message": "hello"}}
    answer = app.test_client().post("/sse/send", json=body)
    (event,) = Decoder().feed(answer.data)
    assert_described(asyncapi, "gateway_send", "failure", event.data)
