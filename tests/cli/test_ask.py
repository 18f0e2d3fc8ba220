"""flask ask BOT TEXT"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from tests.support.calls import new_name
from tests.support.fixtures import StartGateway
from tests.support.gateway import GatewayStage
from tests.support.process import free_port
from tests.support.shell import Command
from tests.support.wsclient import WebSocketClient

Run = Callable[..., Result]
Beside = Callable[..., Run]


def echo(client: WebSocketClient, question: dict[str, Any]) -> None:
    """Repeats the question in two frames."""
    frame = {"correlation_id": question["correlation_id"]}
    client.send({**frame, "message": question["message"]})
    client.send({**frame, "message": "That was\x1b all.", "is_final": True})


def bot_name(name: str) -> str:
    return new_name(name).replace("-", "_")  # a name that can be mentioned


def test_the_answer_is_printed(gateway: GatewayStage, here: Run) -> None:
    bot, _ = gateway.join("bot", echo)
    result = here("ask", bot, "Hello,\nbot")
    assert (result.exit_code, result.stdout) == (0, "Hello,\nbot\nThat was  all.\n")
    assert here("ask", f"@{bot}", "-", input="from stdin\n").stdout.startswith("from stdin\nThat")


def test_json_is_the_frames(gateway: GatewayStage, here: Run) -> None:
    bot, _ = gateway.join("bot", echo)
    frames = [json.loads(line) for line in here("ask", bot, "Hello", "--json").stdout.splitlines()]
    assert [frame["message"] for frame in frames] == ["Hello", "That was\x1b all."]
    assert frames[1]["is_final"] is True


def test_frames_for_terminals(gateway: GatewayStage, here: Run) -> None:
    def answer(client: WebSocketClient, question: dict[str, Any]) -> None:
        frame = {"correlation_id": question["correlation_id"], "message": "\u009b2J ä", "is_final": True}
        client.send(json.dumps(frame, ensure_ascii=False, indent=1))

    bot, _ = gateway.join("bot", answer)
    shown = here("ask", bot, "Hello", "--json").stdout.removesuffix("\n")
    assert shown.isprintable() and json.loads(shown)["message"] == "\u009b2J ä"


def test_a_mention_says_whom(start_gateway: StartGateway, beside: Beside) -> None:
    stage = start_gateway(PUBLIC_ACCOUNTS="my_bot")
    stage.connect("my_bot", echo)
    run = beside(stage.hub)
    assert run("ask", "@my_bot, are you there?").stdout.startswith("@my_bot, are you there?\n")
    assert run("ask", "alice", "@my_bot hello").stdout.startswith("@my_bot hello\n")


def test_whatever_is_no_text(gateway: GatewayStage, here: Run) -> None:
    def answer(client: WebSocketClient, question: dict[str, Any]) -> None:
        client.send({"correlation_id": question["correlation_id"], "sum": 3, "is_final": True})

    bot, _ = gateway.join("bot", answer)
    assert here("ask", bot, "1 + 2").stdout == '{"sum":3}\n'


def test_who_is_not_connected(start_gateway: StartGateway, beside: Beside) -> None:
    stage = start_gateway()
    run = beside(stage.hub)
    assert run("ask", "helper", "Hello").stderr == "Error: helper is not connected.\n"
    assert run("user", "create", "olga", "olga@example.org", "--password", "x", "--operator").exit_code == 0
    assert run("ask", "helper", "Hello").stderr == "Error: helper is not connected, and nobody is.\n"
    assert run("bot", "create", "echo_bot").exit_code == 0
    assert "nobody is: `make bot` does it" in run("ask", "helper", "Hello").stderr
    stage.connect("helper_bot")
    assert "is it helper_bot?" in run("ask", "helper", "Hello").stderr
    result = run("ask", "xyz", "Hello", "--json")
    assert "connected are helper_bot." in result.stderr
    assert (result.exit_code, json.loads(result.stdout)["error"]) == (1, "User not connected")


def test_who_says_nothing(start_gateway: StartGateway, beside: Beside) -> None:
    stage = start_gateway(REPLY_TIMEOUT_SECONDS="2")
    bot, _ = stage.join("bot")
    run = beside(stage.hub)
    result = run("ask", bot, "Hello", "--timeout", 0.5)
    assert (result.exit_code, result.stderr) == (1, f"Error: {bot} did not finish within 0.5 s.\n")
    assert run("ask", bot, "Hello").stderr == f"Error: {bot}: Timeout waiting for response.\n"


def test_a_hub_that_ends_in_between(start_gateway: StartGateway, beside: Beside) -> None:
    stage = start_gateway()

    def answer(client: WebSocketClient, question: dict[str, Any]) -> None:
        client.send({"correlation_id": question["correlation_id"], "message": "First,"})

    bot, _ = stage.join("bot", answer)
    command = Command(stage.hub, "ask", bot, "Hello")
    command.wait_for("First,")
    stage.hub.terminate()
    assert command.wait() == 1
    assert "Error: " in command.text and "Traceback" not in command.text


def test_where_tokens_are_asked_for(start_gateway: StartGateway, beside: Beside) -> None:
    stage = start_gateway(GATEWAY_AUTH="token")
    run = beside(stage.hub)
    credential = run("bot", "create", "my_bot").stdout.strip()
    stage.connect("my_bot", echo, header={"Authorization": f"Bearer {credential}"})
    assert run("ask", "my_bot", "Hello").stdout.startswith("Hello\n")
    _, token = stage.hub.register("Alice")
    result = run("ask", "my_bot", "Hello", "--token", token)
    assert result.exit_code == 1 and "POST /login gives one" in result.stderr


@pytest.mark.parametrize("question", [["bot"], ["@bot"], ["hello there"]])
def test_what_is_no_question(here: Run, question: list[str]) -> None:
    result = here("ask", *question)
    assert result.exit_code == 2 and "Give it a TEXT" in result.stderr


def test_no_hub(here: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert f"No hub answers at {url}" in here("ask", "bot", "Hello", "--url", url).stderr
