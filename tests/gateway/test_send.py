"""POST /sse/send: a request, and the stream of its answers."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.support.fixtures import StartGateway
from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until
from tests.support.wsclient import WebSocketClient, echo, silent

GONE = {"error": "User disconnected"}


def answering(*frames: dict[str, Any] | str) -> Any:
    """A bot that answers with these frames; `{id}` in a text is replaced by the correlation id."""

    def respond(client: WebSocketClient, frame: dict[str, Any]) -> None:
        for answer in frames:
            if isinstance(answer, str):
                client.send(answer.replace("{id}", frame["correlation_id"]))
            else:
                client.send({"correlation_id": frame["correlation_id"], **answer})

    return respond


def test_each_frame_is_an_event(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", echo)
    request = gateway.ask(bot, message="hello", correlation_id="c-1")
    answers = request.wait_over()
    assert answers == [
        {"correlation_id": "c-1", "echo": "hello", "part": 1},
        {"correlation_id": "c-1", "echo": "hello", "part": 2, "is_final": True},
    ]
    assert all((event.name, event.last_event_id) == ("message", "") for event in request.events)
    frame = client.frames[0]
    assert (frame["user_id"], frame["message"], frame["correlation_id"]) == (bot, "hello", "c-1")
    assert frame["original_sender"] == {"user_id": bot, "timestamp": None}


def test_the_head_of_the_stream(gateway: GatewayStage) -> None:
    bot, _ = gateway.join("bot", echo)
    request = gateway.ask(bot)
    assert request.status == 200
    assert request.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert request.headers["Cache-Control"] == "no-cache, no-store"
    assert request.headers["X-Accel-Buffering"] == "no"
    request.wait_over()
    assert request.comments >= 1


def test_an_id_is_made_where_none_is_given(gateway: GatewayStage) -> None:
    bot, _ = gateway.join("bot", echo)
    answers = gateway.ask(bot).wait_over()
    assert UUID(answers[0]["correlation_id"]).version == 4


def test_frames_are_relayed_as_they_are(gateway: GatewayStage) -> None:
    """Letter for letter; each line of a frame is a line of data."""
    texts = [
        '{"correlation_id":"{id}",  "n": 1.50, "big": 123456789012345678901234567890}',
        '{\n  "correlation_id": "{id}",\r\n  "text": "gr\\u00f6\u00dfe \U0001f389 \u2028"\n}\n',
        '{"correlation_id": "{id}", "a": 1, "a": 2, "is_final": true}',
    ]
    bot, _ = gateway.join("bot", answering(*texts))
    request = gateway.ask(bot, correlation_id="c")
    request.wait_over()
    assert request.texts == [text.replace("{id}", "c").replace("\r\n", "\n") for text in texts]


def test_a_large_frame(gateway: GatewayStage) -> None:
    text = "x" * (1024 * 1024 - 100)
    bot, _ = gateway.join("bot", answering({"text": text, "is_final": True}))
    assert gateway.ask(bot).wait_over()[0]["text"] == text


@pytest.mark.parametrize("value", [False, None, 1, "true", "", [], {}], ids=json.dumps)
def test_only_true_is_final(gateway: GatewayStage, value: object) -> None:
    bot, _ = gateway.join("bot", answering({"is_final": value}, {"type": "final"}, {"is_final": True}))
    answers = gateway.ask(bot).wait_over()
    assert [answer.get("is_final") for answer in answers] == [value, None, True]


@pytest.mark.parametrize("given", [{}, {"is_final": False}, {"is_final": None}, {"is_final": True}])
def test_a_final_response_is_marked_and_sent_once(gateway: GatewayStage, given: dict[str, Any]) -> None:
    bot, _ = gateway.join("bot", answering({"n": 1}, {"type": "final_response", "n": 2, **given}, {"n": 3}))
    answers = gateway.ask(bot, correlation_id="c").wait_over()
    assert answers == [
        {"correlation_id": "c", "n": 1},
        {"correlation_id": "c", "n": 2, "type": "final_response", "is_final": True},
    ]


def test_not_connected(gateway: GatewayStage) -> None:
    request = gateway.ask("nobody", correlation_id="c-1")
    assert request.status == 200
    assert request.wait_over() == [{"error": "User not connected", "correlation_id": "c-1"}]
    made = gateway.ask("nobody").wait_over()[0]
    assert UUID(made["correlation_id"]).version == 4


def test_the_bot_leaves(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", answering({"n": 1}))
    requests = [gateway.ask(bot, correlation_id=f"leaving-{n}") for n in range(3)]
    for request in requests:
        request.wait_answers(1)
    client.close()
    for n, request in enumerate(requests):
        assert request.wait_over(2)[1:] == [{**GONE, "correlation_id": f"leaving-{n}"}]


def test_the_bot_vanishes(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="c")
    client.vanish()
    assert request.wait_over(2) == [{**GONE, "correlation_id": "c"}]


def test_a_mention_is_asked(gateway: GatewayStage) -> None:
    gateway.connect("notification_bot", echo)
    alice, client = gateway.join("Alice")
    answers = gateway.ask(alice, text="@notification_bot: news?").wait_over()
    assert len(answers) == 2
    assert client.frames == []


# Timeouts


def test_timeout(start_gateway: StartGateway) -> None:
    gateway = start_gateway(REPLY_TIMEOUT_SECONDS="3", HEARTBEAT_SECONDS="1")
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="c")
    assert request.wait_over(10) == [{"error": "Timeout waiting for response", "correlation_id": "c"}]
    late: dict[str, Any] = {"correlation_id": "c", "is_final": True}
    client.send(late)
    client.send("[]")
    client.wait_frames(2)  # the error about the second: by then the first was handled, without a waiter
    again = gateway.ask(bot, correlation_id="c")
    client.wait_frames(3)
    client.send({**late, "n": 2})
    assert again.wait_over() == [{**late, "n": 2}]


def test_each_frame_gives_more_time(start_gateway: StartGateway) -> None:
    """A frame after each heartbeat, for longer than the timeout; a heartbeat alone gives no time."""
    gateway = start_gateway(REPLY_TIMEOUT_SECONDS="5", HEARTBEAT_SECONDS="1")
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="c")
    for n in range(7):
        wait_until(lambda n=n: request.comments > n + 1, 10)  # type: ignore[misc]
        client.send({"correlation_id": "c", "n": n})
        request.wait_answers(n + 1)
    assert request.wait_over(15)[7:] == [{"error": "Timeout waiting for response", "correlation_id": "c"}]


# Correlation ids


def test_in_flight(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    id = str(uuid4())
    first = gateway.ask(bot, correlation_id=id)
    for target in (bot, "nobody"):
        status, body = gateway.post("/sse/send", {"user_id": target, "data": {"correlation_id": id}})
        assert (status, set(body), body["status"]) == (409, {"error", "status"}, 409)
    client.send({"correlation_id": id, "is_final": True})
    assert len(first.wait_over()) == 1
    assert len(client.frames) == 1


@pytest.mark.parametrize("id", ["", "c", "\u00fc\U0001f389", "a b\n\x00", "x" * 100_000, "0"])
def test_an_id_is_any_text_and_can_be_used_again(gateway: GatewayStage, id: str) -> None:
    bot, _ = gateway.join("bot", echo)
    for _ in range(3):
        answers = gateway.ask(bot, correlation_id=id).wait_over()
        assert [answer["correlation_id"] for answer in answers] == [id, id]


def test_two_requests_at_once(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    requests = [gateway.ask(bot, correlation_id=f"two-{n}") for n in (1, 2)]
    client.wait_frames(2)
    for n in (2, 1, 2, 1):
        client.send({"correlation_id": f"two-{n}", "is_final": False})
    for n in (1, 2):
        client.send({"correlation_id": f"two-{n}", "is_final": True})
    for n, request in enumerate(requests, 1):
        assert [answer["correlation_id"] for answer in request.wait_over()] == [f"two-{n}"] * 3


def test_only_the_target_may_answer(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    _, mallory = gateway.join("Mallory", echo)
    request = gateway.ask(bot, correlation_id="secret")
    client.wait_frames(1)
    mallory.send({"correlation_id": "secret", "is_final": True, "n": "false"})
    mallory.send("[]")
    mallory.wait_frames(1)  # the error about the second: by then the first was handled
    client.send({"correlation_id": "secret", "is_final": True, "n": "true"})
    assert [answer["n"] for answer in request.wait_over()] == ["true"]


def test_a_push_is_no_request(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", echo)
    gateway.push(bot, correlation_id="pushed")
    request = gateway.ask(bot, correlation_id="asked")
    assert {answer["correlation_id"] for answer in request.wait_over()} == {"asked"}
    assert client.is_open


def test_the_next_socket_of_the_name_may_not_answer(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="c")
    client.wait_frames(1)
    client.close()
    assert request.wait_over() == [{**GONE, "correlation_id": "c"}]
    wait_until(lambda: not gateway.is_connected(bot))
    again = gateway.connect(bot)
    wait_until(lambda: gateway.is_connected(bot))
    again.send({"correlation_id": "c", "is_final": True})
    assert gateway.push(bot, last=True).json()["status"] == "success"


# Callers that leave


def test_a_caller_that_leaves_frees_the_id(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="left")
    client.wait_frames(1)
    request.leave()
    body = {"user_id": "nobody", "data": {"correlation_id": "left"}}
    wait_until(lambda: gateway.hub.post("/sse/send", json=body).status_code == 200, 5, "the id to be free")


def test_no_answer_is_kept_for_one_that_left(gateway: GatewayStage) -> None:
    bot, client = gateway.join("bot", silent)
    request = gateway.ask(bot, correlation_id="left-2")
    client.wait_frames(1)
    request.leave()
    for n in range(20):
        client.send({"correlation_id": "left-2", "n": n})
    assert client.is_open and gateway.is_connected(bot)
