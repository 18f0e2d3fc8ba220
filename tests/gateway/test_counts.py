"""The counters of the gateway in /metrics."""

import re

from tests.support.fixtures import StartGateway
from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until
from tests.support.wsclient import echo, silent


def counted(gateway: GatewayStage, name: str) -> dict[str, int]:
    """The samples of a family by their label; "" where there is none."""
    text = gateway.hub.get("/metrics", headers={"Accept": "text/plain"}).text
    found = re.findall(rf'^{name}(?:{{\w+="([^"]*)"}})? ([0-9.e+]+)$', text, re.MULTILINE)
    return {label: int(float(value)) for label, value in found}


def test_outcomes(start_gateway: StartGateway) -> None:
    gateway = start_gateway(REPLY_TIMEOUT_SECONDS="8")
    bot, _ = gateway.join("bot", echo)
    mute, client = gateway.join("mute", silent)
    pushed = counted(gateway, "hub_deliveries_total")
    gateway.push(bot, correlation_id="nobody asked")
    gateway.push("nobody")
    gateway.ask(bot).wait_over()
    gateway.ask("nobody").wait_over()
    gateway.ask(mute).wait_over(20)
    first = gateway.ask(mute, correlation_id="c")
    assert gateway.ask(mute, correlation_id="c").status == 409
    left = gateway.ask(mute)
    client.wait_frames(3)
    left.leave()
    expected = {"answered": 1, "not_connected": 1, "timeout": 1, "conflict": 1, "abandoned": 1}
    wait_until(lambda: counted(gateway, "hub_replies_total").get("abandoned") == 1)
    client.close()
    first.wait_over()
    assert counted(gateway, "hub_replies_total") == expected | {"disconnected": 1}
    assert counted(gateway, "hub_reply_seconds_count") == {"": 1}
    assert counted(gateway, "hub_frames_unclaimed_total") == {"": 2}
    now = counted(gateway, "hub_deliveries_total")
    assert now["delivered"] == pushed["delivered"] + 1
    assert now["partial"] == pushed.get("partial", 0) + 1


def test_connections(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    assert gateway.hub.get("/metrics").json() == {"active_connections": 0, "service": "websocket-sse-server"}
    alice, client = gateway.join("Alice")
    assert gateway.connect(alice).wait_closed()[0] == 1008
    assert gateway.hub.get("/metrics").json()["active_connections"] == 1
    client.send("[]")
    client.wait_frames(1)
    assert counted(gateway, "hub_message_errors_total") == {"": 1}
