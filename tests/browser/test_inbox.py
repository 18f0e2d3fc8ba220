"""The inbox of a recipient: waiting, new and acknowledged messages."""

import pytest

from tests.browser.conftest import OpenConsole
from tests.support.calls import new_name
from tests.support.console import Console
from tests.support.hub import HubProcess
from tests.support.stage import Stage


@pytest.fixture
def recipient() -> str:
    return new_name("reader")


def notify(hub: HubProcess, operator: str, recipient: str, *payloads: str) -> None:
    for payload in payloads:
        body = {"users": [recipient], "payload": payload}
        assert hub.post("/api/message/notify", token=operator, json=body).status_code == 202


def opened(console: OpenConsole, operator: str, recipient: str) -> Console:
    tab = console().enter(operator, f"inbox/{recipient}")
    tab.live()
    return tab


def test_messages_wait_until_they_are_acknowledged(
    console: OpenConsole, shared_hub: HubProcess, operator: str, recipient: str
) -> None:
    notify(shared_hub, operator, recipient, "first", "<i>second</i>")
    tab = opened(console, operator, recipient)
    tab.see("2 messages wait")
    tab.button("Acknowledge: first").click()
    tab.see("1 message waits")
    tab.page.reload()
    tab.see("1 message waits")
    tab.see("<i>second</i>")
    tab.button("Acknowledge all").click()
    tab.see("Nothing waits")


def test_a_message_is_sent_and_seen_in_two_tabs(console: OpenConsole, operator: str, recipient: str) -> None:
    one, other = opened(console, operator, recipient), opened(console, operator, recipient)
    one.label("Message").fill("Hello there")
    one.button("Send").click()
    one.see("Sent to 1 recipient")
    for tab in (one, other):
        tab.see("1 message waits")
    other.button("Acknowledge all").click()
    one.see("Nothing waits")


def test_others_bring_a_token(console: OpenConsole, stage: Stage, operator: str, recipient: str) -> None:
    notify(stage.hub, operator, recipient, "for you alone")
    token = stage.hub.get(f"/api/user/{recipient}/token", token=operator).json()
    tab = console().enter(stage.token, "inbox")
    tab.label("Subscriber token").fill(token["access_token"])
    tab.button("Open").click()
    tab.see("for you alone")
    tab.button("Acknowledge all").click()
    tab.see("Nothing waits")
