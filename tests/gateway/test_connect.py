"""GET /ws: which clients get a socket, and which frames they may send."""

import socket
from typing import Any

import gevent
import pytest
import websocket

from app.realtime.broker.base import BrokerUnavailable
from tests.support import websocket as plain
from tests.support.calls import new_name
from tests.support.gateway import GatewayStage
from tests.support.wait import wait_until
from tests.support.wsclient import WebSocketClient, echo, url_of

TAKEN = (1008, "User already connected")


@pytest.mark.parametrize("query", [{}, {"user_id": ""}, {"userid": "x"}, {"USER_ID": "x"}])
def test_user_id_required(gateway: GatewayStage, query: dict[str, str]) -> None:
    assert gateway.connect(None, query=query).wait_closed() == (1008, "user_id required")


def test_a_long_user_id(gateway: GatewayStage) -> None:
    code, reason = gateway.connect("x" * 201).wait_closed()
    assert code == 1008 and "200" in reason


def test_the_second_connection_is_closed_and_the_first_stays(gateway: GatewayStage) -> None:
    alice, first = gateway.join("Alice")
    for _ in range(3):
        assert gateway.connect(alice).wait_closed() == TAKEN
        assert gateway.push(alice, text="still here").json()["status"] == "success"
    assert len(first.wait_frames(3)) == 3 and first.is_open


def test_the_name_is_free_when_its_socket_is_closed(gateway: GatewayStage) -> None:
    alice, first = gateway.join("Alice")
    first.close()
    wait_until(lambda: not gateway.is_connected(alice))
    second = gateway.connect(alice)
    gateway.push(alice)
    wait_until(lambda: gateway.is_connected(alice))
    assert second.is_open


def test_the_name_is_free_at_once_when_its_client_vanishes(gateway: GatewayStage) -> None:
    alice, first = gateway.join("Alice")
    first.vanish()
    wait_until(lambda: not gateway.is_connected(alice), 2)


def test_many_at_once_and_one_stays(gateway: GatewayStage) -> None:
    alice = new_name("Alice")
    greenlets = [gevent.spawn(gateway.connect, alice) for _ in range(10)]
    gevent.joinall(greenlets, timeout=20)
    clients = [greenlet.value for greenlet in greenlets]
    wait_until(lambda: sum(client.is_open for client in clients) == 1, 5, "one to stay")
    assert [client.closed for client in clients if not client.is_open] == [TAKEN] * 9
    assert gateway.is_connected(alice)


# Frames of clients


@pytest.mark.parametrize(
    "message",
    [
        *("", "hello", "[]", "null", "5", "true", '"text"', "{", "{}{}", "{'a': 1}", '{"a": 1}x', "\x00"),
        *('{"a": NaN}', '{"a": "\\ud800"}', "[" * 10_000 + "]" * 10_000, b"{}", b"\xff"),
    ],
)
def test_no_json_object(gateway: GatewayStage, message: str | bytes) -> None:
    alice, client = gateway.join("Alice")
    client.send(message)
    frame = client.wait_frames(1)[0]
    assert isinstance(frame.pop("timestamp"), float)
    assert frame == {"type": "error", "message": "Error processing your message"}
    assert gateway.is_connected(alice)


@pytest.mark.parametrize(
    "message",
    [
        *({"correlation_id": value} for value in ("unknown", "", None, 5, ["x"], {})),
        *({}, {"data": {"correlation_id": "unknown"}}, {"type": "final_response"}, {"is_final": True}),
    ],
)
def test_a_frame_without_a_waiter_is_dropped(gateway: GatewayStage, message: dict[str, Any]) -> None:
    alice, client = gateway.join("Alice", echo)
    client.send(message)
    assert len(gateway.ask(alice).wait_over()) == 2
    assert len(client.frames) == 1 and client.is_open


def test_a_frame_that_is_too_large(gateway: GatewayStage) -> None:
    alice, client = gateway.join("Alice")
    client.send("x" * (1024 * 1024 + 1))
    assert client.wait_closed()[0] == 1009
    wait_until(lambda: not gateway.is_connected(alice))


def test_fragments_are_one_message(gateway: GatewayStage) -> None:
    alice = new_name("Alice")
    client = plain.Client.connect(gateway.hub.port, f"/ws?user_id={alice}")
    request = None
    wait_until(lambda: gateway.is_connected(alice))
    request = gateway.ask(alice, correlation_id="f")
    text = b'{"correlation_id": "f", "is_final": true}'
    client.send(plain.frame(plain.TEXT, text[:10], is_last=False), plain.frame(plain.PING, b"between"))
    client.send(plain.frame(0, text[10:], is_last=True))
    assert request.wait_over() == [{"correlation_id": "f", "is_final": True}]
    client.close()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (plain.frame(plain.TEXT, b"\xff"), 1007),
        (plain.frame(plain.TEXT, b"{}", is_masked=False), 1002),
        (plain.frame(3, b""), 1002),
        (plain.frame(plain.TEXT, b"{}", reserved=4), 1002),
    ],
)
def test_a_broken_frame_closes_its_own_connection_alone(
    gateway: GatewayStage, frame: bytes, code: int
) -> None:
    bob, his = gateway.join("Bob", echo)
    request_before = gateway.ask(bob)
    client = plain.Client.connect(gateway.hub.port, f"/ws?user_id={new_name('Alice')}")
    client.send(frame)
    assert client.read_end()[0] == code
    assert len(request_before.wait_over()) == 2
    assert gateway.is_connected(bob) and his.is_open


# The handshake


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Key": ""}, 400),
        ({"Sec_WebSocket_Version": ""}, 426),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Upgrade": ""}, 426),
    ],
)
def test_refused_before_the_upgrade(gateway: GatewayStage, headers: dict[str, str], status: int) -> None:
    client = plain.Client(socket.create_connection(("127.0.0.1", gateway.hub.port)))
    client.send(plain.handshake(f"/ws?user_id={new_name('Alice')}", **headers))
    assert client.read_head().startswith(f"HTTP/1.1 {status} ")
    client.close()


def test_pages_of_this_machine_may_connect_in_development(gateway: GatewayStage) -> None:
    client = gateway.connect(new_name("Alice"), origin="http://localhost:3000", suppress_origin=False)
    client.send("x")
    client.wait_frames(1)


def test_plain_http(gateway: GatewayStage) -> None:
    answer = gateway.hub.get("/ws?user_id=alice")
    assert (answer.status_code, answer.json()["status"]) == (426, 426)


# Health


def test_health_counts_names(gateway: GatewayStage) -> None:
    def connections() -> int:
        answer = gateway.hub.get("/health")
        assert answer.status_code == 200
        body = answer.json()
        assert (set(body), body["status"], body["uptime"]) == (
            {"status", "connections", "uptime"},
            "healthy",
            "running",
        )
        return int(body["connections"])

    before = connections()
    _, client = gateway.join("Alice")
    assert connections() == before + 1
    client.close()
    wait_until(lambda: connections() == before)


def test_health_without_a_broker(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> int:
        raise BrokerUnavailable("away")

    monkeypatch.setattr(app.extensions["engine"].presence, "count", fail)
    answer = app.test_client().get("/health")
    assert (answer.status_code, answer.get_json()["connections"]) == (200, 0)


def test_the_client_library_agrees(gateway: GatewayStage) -> None:
    """The tests' client hides nothing: the library alone sees the same refusal."""
    client = websocket.create_connection(url_of(gateway.hub.url, None), timeout=5)
    opcode, data = client.recv_data()
    assert (opcode, data) == (websocket.ABNF.OPCODE_CLOSE, b"\x03\xf0user_id required")
    client.shutdown()
    assert isinstance(gateway.connect(new_name("Alice")), WebSocketClient)
