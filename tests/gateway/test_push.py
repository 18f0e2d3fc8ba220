"""POST /sse/push: the target, the frame, and the meaning of delivered."""

import json
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from flask import Flask

from app.realtime.broker.base import BrokerUnavailable
from tests.support.gateway import GatewayStage

DELIVERED = {"status": "success", "message": "Message delivered"}
NOT_CONNECTED = {"status": "partial", "message": "User not connected"}


def test_delivered(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    answer = gateway.push(alice, message="hello")
    assert (answer.status_code, answer.json()) == (200, DELIVERED)
    assert client.wait_frames(1)[0]["message"] == "hello"


def test_not_connected(gateway: GatewayStage) -> None:
    answer = gateway.push("nobody", message="hello")
    assert (answer.status_code, answer.json()) == (200, NOT_CONNECTED)


def test_one_who_left_is_not_connected(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    client.close()
    answers = [gateway.push(alice).json() for _ in range(2)]
    assert answers[-1] == NOT_CONNECTED


def test_the_frame(gateway: GatewayStage) -> None:
    """All of `data`, and three keys that win over those of `data`."""
    alice, client = gateway.join("Alice")
    data = {
        "text": "größe \U0001f389\u2028 \"'</script>",
        "number": 1.5,
        "none": None,
        "nested": {"list": [1, [2, {"three": True}]]},
        "": "empty key",
        "user_id": "mallory",
        "original_sender": "mallory",
        "correlation_id": "c-1",
    }
    body = {"user_id": alice, "data": data, "timestamp": 17.5, "event_id": "e", "event_type": None, "x": 1}
    assert gateway.hub.post("/sse/push", json=body).json() == DELIVERED
    sender = {"user_id": alice, "timestamp": 17.5}
    assert client.wait_frames(1) == [data | {"user_id": alice, "original_sender": sender}]


@pytest.mark.parametrize(
    ("own", "envelope", "expected"),
    [({}, {}, None), ({}, {"timestamp": 5}, 5), ({"timestamp": "noon"}, {"timestamp": 5}, "noon")],
)
def test_the_timestamp_of_the_sender(
    gateway: GatewayStage, own: dict[str, Any], envelope: dict[str, Any], expected: object
) -> None:
    alice, client = gateway.join("Alice")
    gateway.hub.post("/sse/push", json={"user_id": alice, "data": own, **envelope})
    assert client.wait_frames(1)[0]["original_sender"]["timestamp"] == expected


def test_a_correlation_id_is_made_where_none_is_given(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    gateway.push(alice)
    gateway.push(alice)
    ids = [frame["correlation_id"] for frame in client.wait_frames(2)]
    assert [UUID(id).version for id in ids] == [4, 4] and ids[0] != ids[1]


def test_frames_keep_their_order(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    for number in range(50):
        gateway.push(alice, number=number)
    assert [frame["number"] for frame in client.wait_frames(50)] == list(range(50))


def test_a_frame_as_large_as_a_body_may_be(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    text = "x" * (1024 * 1024 - 200)
    assert gateway.push(alice, text=text).json() == DELIVERED
    assert client.wait_frames(1)[0]["text"] == text


@pytest.mark.parametrize(
    "user_id", ["a b", "größe", "\U0001f389", "a&b=c#d%20", "..", "a\nb", "\x00", "x" * 200, "' OR 1=1"]
)
def test_any_text_is_a_user_id(gateway: GatewayStage, user_id: str) -> None:
    client = gateway.connect(user_id)
    gateway_answers = [gateway.push(user_id).json() for _ in range(3)]
    assert gateway_answers[-1] == DELIVERED
    assert client.wait_frames(1)[-1]["user_id"] == user_id


def test_user_ids_have_case(gateway: GatewayStage) -> None:
    alice, _ = gateway.join("Alice")
    assert gateway.push(alice.upper()).json() == NOT_CONNECTED


# Mentions


def test_a_mention_is_the_only_target(gateway: GatewayStage) -> None:
    bot = gateway.connect("ci_bot")
    alice, client = gateway.join("Alice")
    assert gateway.push(alice, message="@ci_bot, please").json() == DELIVERED
    frame = bot.wait_frames(1)[0]
    assert (frame["user_id"], frame["message"]) == (alice, "@ci_bot, please")
    gateway.push(alice, message="and you")
    assert [frame["message"] for frame in client.wait_frames(1)] == ["and you"]


def test_a_mention_of_one_who_is_not_connected(gateway: GatewayStage) -> None:
    """The envelope's user does not get it."""
    alice, client = gateway.join("Alice")
    assert gateway.push(alice, text="@email_bot").json() == NOT_CONNECTED
    gateway.push(alice, text="last")
    assert [frame["text"] for frame in client.wait_frames(1)] == ["last"]


def test_configured_accounts_are_public(make_app: Any) -> None:
    app = make_app(PUBLIC_ACCOUNTS="helper, other_helper")
    with app.app_context():
        names = app.extensions["gateway"].public.names()
    assert {"helper", "other_helper", "ci_bot", "email_bot", "notification_bot", "system_bot"} == names


# Failures


def test_without_a_broker_it_says_when_to_try_again(app: Flask) -> None:
    with patch.object(app.extensions["engine"].presence, "find", side_effect=BrokerUnavailable("away")):
        answer = app.test_client().post("/sse/push", json={"user_id": "a", "data": {}})
    assert (answer.status_code, answer.json["status"]) == (503, 503)
    assert answer.headers["Retry-After"].isdigit()


def test_an_unexpected_failure(app: Flask) -> None:
    app.testing = False
    with patch.object(app.extensions["engine"].presence, "find", side_effect=RuntimeError("secret")):
        answer = app.test_client().post("/sse/push", json={"user_id": "a", "data": {}})
    body = answer.get_json()
    assert (answer.status_code, set(body), body["status"]) == (500, {"error", "status", "detail"}, 500)
    assert isinstance(body["detail"], list) and "secret" not in json.dumps(body)
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_publishing_is_limited_by_address(make_app: Any) -> None:
    client = make_app(RATELIMIT_ENABLED="1", RATELIMIT_PUBLISH="2/hour").test_client()
    body = {"user_id": "a", "data": {}}
    paths = ["/sse/push", "/sse/push/batch", "/sse/send", "/sse/push"]
    answers = [client.post(path, json=[body] if "batch" in path else body) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert answers[2].json["status"] == 429 and int(answers[2].headers["Retry-After"]) > 0
    other = client.post("/sse/push", json=body, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert other.status_code == 200
