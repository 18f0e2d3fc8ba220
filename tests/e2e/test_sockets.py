"""WebSockets through a real gunicorn, over either wire: an echo built from the hub's own socket code."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
import requests
import websocket
from flask import Blueprint, Flask

from app.web.websocket import Refuse, socket_route
from tests.support.fixtures import StartHub
from tests.support.hub import ROOT, HubProcess
from tests.support.process import Child, free_port
from tests.support.wait import wait_until
from tests.support.websocket import CLOSE, KEY, PING, PONG, TEXT, Client, close_frame, frame, handshake

APPLICATION = "tests.support.echo_app:app"
WAYS = {"poller": "poller", "greenlets": "generator"}


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return WAYS[request.param]


@pytest.fixture(scope="module")
def echo(way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """One that the tests of this file leave as it was."""
    directory = tmp_path_factory.mktemp("echo")
    process = HubProcess(directory, application=APPLICATION, STREAM_WRITER=way, ACCESS_LOG="1")
    yield process.start()
    process.stop()
    assert "Traceback" not in re.sub(r"Traceback[^!]*RuntimeError: as it was told", "", process.log)


@pytest.fixture
def start_echo(way: str, hub: StartHub) -> StartHub:
    return lambda **settings: hub(application=APPLICATION, **{"STREAM_WRITER": way, **settings})


def inspect(hub: HubProcess) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(f"{hub.url}/inspect", timeout=10).json()
    return answer


def wait_end(hub: HubProcess, name: str, timeout: float = 5) -> tuple[int, str]:
    """How the connection of that name ended, as its handler was told."""

    def find() -> list[Any]:
        return [end for end in inspect(hub)["ends"] if end[0] == name]

    (_, code, reason) = wait_until(find, timeout, f"the end of {name}")[0]
    return code, reason


# With a library of others'


def test_a_client_library_is_served(echo: HubProcess) -> None:
    client = websocket.create_connection(f"ws://127.0.0.1:{echo.port}/echo?name=library", timeout=5)
    for text in ("hello", "", "schön", "x" * 1_000_000):
        client.send(text)
        assert client.recv() == text
    client.send_binary(b"\0\xff")
    assert client.recv() == b"\0\xff"
    client.ping("are you there")
    assert client.recv_frame().data == b"are you there"
    client.close(4000, b"bye")
    assert wait_end(echo, "library") == (4000, "bye")


def test_the_first_subprotocol_is_picked_and_nothing_is_compressed(echo: HubProcess) -> None:
    path = f"ws://127.0.0.1:{echo.port}/echo"
    client = websocket.create_connection(path, timeout=5, subprotocols=["hub.v2", "hub.v1"])
    assert client.getsubprotocol() == "hub.v2"
    client.close()
    raw = Client.connect(echo.port, "/echo")
    assert "sec-websocket-protocol" not in raw.head.lower()
    assert "extensions" not in raw.head.lower()
    raw.close()


def test_a_refusal_shows_code_and_reason(echo: HubProcess) -> None:
    before = inspect(echo)["opened"]
    client = Client.connect(echo.port, "/echo?refuse=1008")
    assert client.read().end == (1008, "not you")
    client.send(close_frame(1008))
    assert client.is_at_end()
    client.close()
    assert inspect(echo)["opened"] == before


# The handshake

WRONG = {
    "no key": ({"Sec_WebSocket_Key": ""}, 400),
    "a key that is none": ({"Sec_WebSocket_Key": "hello"}, 400),
    "an old version": ({"Sec_WebSocket_Version": "8"}, 426),
    "no version": ({"Sec_WebSocket_Version": ""}, 426),
    "another upgrade": ({"Upgrade": "h2c"}, 426),
    "no upgrade": ({"Connection": "keep-alive"}, 426),
    "a body": ({"Content_Length": "3"}, 400),
    "a subprotocol that is not ASCII": ({"Sec_WebSocket_Protocol": "é"}, 400),
    "no host": ({"Host": ""}, 400),
    "a foreign page": ({"Origin": "https://evil.example"}, 403),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_handshake_is_answered_as_json(echo: HubProcess, kind: str) -> None:
    headers, status = WRONG[kind]
    with socket.create_connection(("127.0.0.1", echo.port)) as sock:
        client = Client(sock)
        client.send(handshake("/echo", **headers))
        head = client.read_head().lower()
    assert head.startswith(f"http/1.1 {status} ")
    assert "content-type: application/json" in head
    assert ("sec-websocket-version: 13" in head) == (status == 426)


def test_errors_of_the_view_come_before_the_upgrade(echo: HubProcess) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    answer = requests.get(
        f"{echo.url}/echo?unknown=1", headers={**headers, "Sec-WebSocket-Key": KEY}, timeout=5
    )
    assert (answer.status_code, answer.json()["status"]) == (401, 401)


@pytest.mark.parametrize("origin", ["", "http://localhost:3000"])
def test_own_pages_and_programs_may_connect(echo: HubProcess, origin: str) -> None:
    client = Client.connect(echo.port, "/echo", Origin=origin)
    client.say("hello")
    assert client.hear() == "hello"
    client.close()


def test_what_comes_with_the_handshake_is_not_lost(echo: HubProcess) -> None:
    large = frame(TEXT, b"x" * 30_000)
    early = b"".join(frame(TEXT, b"%d" % n) for n in range(50))
    client = Client.connect(echo.port, "/echo?name=early", early=early + large[:20_000])
    assert [client.hear() for _ in range(50)] == [str(n) for n in range(50)]
    client.send(large[20_000:])
    assert client.hear() == "x" * 30_000
    client.send(close_frame(1000))
    assert client.read_end() == (1000, "")
    assert wait_end(echo, "early") == (1000, "")


def test_a_client_that_leaves_at_once_does_no_harm(echo: HubProcess) -> None:
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", echo.port)) as sock:
            sock.sendall(handshake("/echo?name=hasty"))
    wait_until(lambda: inspect(echo)["held"] == 0)
    assert wait_end(echo, "hasty")[0] == 1006


def test_nothing_of_http_follows_and_the_log_knows_the_request(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo?name=logged&token=secret")
    client.send(close_frame(1000))
    assert client.read_end() == (1000, "")
    client.close()
    wait_until(lambda: re.search(r"socket ended .*user='logged'", echo.log), 5, "the socket's line")
    wait_until(lambda: re.search(r"path='/echo'.* status=101", echo.log), 5, "the request's line")
    assert "secret" not in echo.log


# Frames

BROKEN = {
    "not masked": (frame(TEXT, b"x", is_masked=False), 1002),
    "compressed": (frame(TEXT, b"x", reserved=4), 1002),
    "not UTF-8": (frame(TEXT, b"caf\xe9"), 1007),
    "a whole message too big": (frame(TEXT, b"x" * (1024 * 1024 + 1)), 1009),
    "too big in fragments": (
        frame(TEXT, b"x" * 1024 * 1024, is_last=False) + frame(0, b"x"),
        1009,
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_rule_ends_with_its_code(echo: HubProcess, kind: str) -> None:
    data, code = BROKEN[kind]
    client = Client.connect(echo.port, f"/echo?name={kind.replace(' ', '-')}")
    client.say("fine")
    sending = gevent.spawn(client.send, data)
    assert client.hear() == "fine"
    assert client.read_end()[0] == code
    sending.get(timeout=5)
    client.close()
    assert wait_end(echo, kind.replace(" ", "-"))[0] == code


def test_fragments_with_a_ping_in_between(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo")
    client.send(frame(TEXT, b"hel", is_last=False), frame(PING, b"?"), frame(0, b"lo"))
    assert sorted([client.read(), client.read()]) == [(TEXT, b"hello"), (PONG, b"?")]
    client.close()


def test_forty_megabytes_reach_a_slow_reader_intact(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo", timeout=20)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
    client.say("!flood 40")
    for number in range(40):
        text = client.hear()
        assert (len(text), set(text)) == (1_000_000, {chr(ord("a") + (39 - number) % 26)})
        gevent.sleep(0.005)
    client.close()


def test_a_reader_that_stops_is_cut_off(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo?name=slow", timeout=20)
    client.say("!heap 400")
    assert wait_end(echo, "slow") == (1008, "slow consumer")
    client.close()


def test_a_failure_of_the_handler_closes_with_1011(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo?name=failing")
    client.say("!fail")
    assert client.read().end == (1011, "Internal server error")
    client.close()
    assert wait_end(echo, "failing") == (1011, "Internal server error")


# Ends


def test_a_client_that_is_gone_is_noticed_at_once(echo: HubProcess) -> None:
    client = Client.connect(echo.port, "/echo?name=gone")
    client.say("hello")
    client.hear()
    client.close()
    assert wait_end(echo, "gone", 5) == (1006, "")


def test_an_order_and_an_expired_token_close(echo: HubProcess) -> None:
    expires = int(time.time()) + 2
    dying = Client.connect(echo.port, f"/echo?name=dying&token=one&expires={expires}")
    cut = Client.connect(echo.port, "/echo?name=cut&token=two")
    requests.post(f"{echo.url}/cut?reason=logged_out&user=cut", timeout=5)
    assert cut.read().end == (1008, "logged out")
    assert dying.read().end == (1008, "token expired")
    assert time.time() < expires + 4
    for client in (cut, dying):
        client.close()


def test_sigterm_closes_with_1001(start_echo: StartHub) -> None:
    process = start_echo()
    clients = [Client.connect(process.port, "/echo", timeout=10) for _ in range(100)]
    polite, rude = clients[:50], clients[50:]

    def answer(client: Client) -> tuple[int, str]:
        end = client.read().end
        client.send(frame(CLOSE))
        client.close()
        return end

    answering = [gevent.spawn(answer, client) for client in polite]
    ended = process.terminate()
    process.assert_ended_politely(ended)
    assert {greenlet.get(timeout=1) for greenlet in answering} == {(1001, "Server shutdown")}
    assert {client.read().end for client in rude} == {(1001, "Server shutdown")}
    assert "Traceback" not in process.log


def test_a_silent_peer_is_given_up_and_a_living_one_is_not(start_echo: StartHub) -> None:
    process = start_echo(WS_PING_SECONDS="1", WS_PONG_SECONDS="3")
    silent = Client.connect(process.port, "/echo?name=silent", timeout=30)
    living = Client.connect(process.port, "/echo?name=living", timeout=30)
    pings = []

    def answer() -> None:
        while (heard := living.read()).opcode == PING:
            pings.append(heard)
            living.send(frame(PONG, heard.payload))

    gevent.spawn(answer)
    assert wait_end(process, "silent", 15) == (1008, "ping timeout")
    assert silent.read_end() == (1008, "ping timeout")
    wait_until(lambda: len(pings) >= 3, 20)
    assert inspect(process)["sockets"] == 1


def test_the_rate_of_frames_is_limited(start_echo: StartHub) -> None:
    process = start_echo(WS_RATE="10/minute")
    client = Client.connect(process.port, "/echo?name=fast")
    client.send(*(frame(TEXT, b"%d" % n) for n in range(500)))
    heard = [client.hear() for _ in range(11)]
    assert sum("Too many messages" in text for text in heard) == 1
    assert [text for text in heard if text.isdigit()] == [str(n) for n in range(10)]
    assert client.read_end() == (1008, "rate limit exceeded")
    assert inspect(process)["limited"] == 101


def test_past_the_cap_a_socket_is_sent_away(start_echo: StartHub) -> None:
    process = start_echo(MAX_SOCKETS="3")
    clients = [Client.connect(process.port, "/echo") for _ in range(4)]
    assert clients[3].read().end == (1013, "Try again later")
    clients[0].say("still served")
    assert clients[0].hear() == "still served"


def test_a_thousand_come_and_go_and_leave_nothing(start_echo: StartHub) -> None:
    process = start_echo()
    (pid,) = process.worker_pids()
    before = inspect(process)["greenlets"]
    clients = [Client.connect(process.port, "/echo", timeout=20) for _ in range(1000)]
    wait_until(lambda: inspect(process)["sockets"] == 1000)
    clients[999].say("hello")
    assert clients[999].hear() == "hello"
    for client in clients[::2]:
        client.send(close_frame(1000))
        assert client.read_end() == (1000, "")
    for client in clients:
        client.close()
    wait_until(lambda: inspect(process)["held"] == 0, 10)
    wait_until(lambda: len(process.held_connections(pid)) <= 2, 10)
    left = inspect(process)
    assert (left["opened"], len(left["ends"])) == (1000, 1000)
    assert left["greenlets"] <= before + 3


# Servers that keep their sockets


def wait_listening(port: int) -> None:
    def is_listening() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(is_listening, 30, "a server that listens")


def make_certificate(folder: Path) -> Path:
    """For localhost, signed by itself; key and certificate in one file."""
    path = folder / "localhost.pem"
    about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    argv = ["openssl", "req", *kind, *about, "-keyout", str(path), "-out", "-"]
    made = subprocess.run(argv, capture_output=True, check=True, timeout=30)
    with path.open("ab") as file:
        file.write(made.stdout)
    return path


def test_tls_ended_by_gunicorn(hub: StartHub, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    arguments = f"--certfile {certificate} --keyfile {certificate}"
    process = hub(start=False, application=APPLICATION, GUNICORN_CMD_ARGS=arguments)
    process.migrate()
    process.spawn()
    wait_listening(process.port)
    context = ssl.create_default_context(cafile=str(certificate))

    def connect() -> Client:
        sock = socket.create_connection(("127.0.0.1", process.port))
        client = Client(context.wrap_socket(sock, server_hostname="localhost"), 10)
        client.send(handshake("/echo"), frame(TEXT, b"early"))
        assert client.read_head().startswith("HTTP/1.1 101 ")
        assert client.hear() == "early"
        return client

    polite, leaving, staying = connect(), connect(), connect()
    polite.say("x" * 900_000)
    assert polite.hear() == "x" * 900_000
    polite.send(close_frame(1000))
    assert polite.read().end == (1000, "")
    leaving.close()
    process.assert_ended_politely(process.terminate())
    assert staying.read().end == (1001, "Server shutdown")
    assert " ERROR " not in process.log


def test_the_development_server(tmp_path: Path) -> None:
    process, port = HubProcess(tmp_path / "hub", application=APPLICATION), free_port()
    process.migrate()
    command = [sys.executable, "-m", "flask", "--app", APPLICATION, "run", "--port", str(port)]
    server = Child(command, tmp_path / "server.log", env=process.env, cwd=ROOT)
    wait_listening(port)
    client = Client.connect(port, "/echo?name=early", early=frame(TEXT, b"early"))
    assert client.hear() == "early"
    client.say("x" * 900_000)
    assert client.hear() == "x" * 900_000
    client.say("!fail")
    assert client.read().end == (1011, "Internal server error")
    client.send(close_frame(1011))
    assert client.is_at_end()
    other = Client.connect(port, "/echo?name=other")
    other.send(close_frame(1000))
    assert other.read_end() == (1000, "")
    server.stop()


def test_a_server_without_a_socket_says_so(make_app: Callable[[], Flask]) -> None:
    app = make_app()
    blueprint = Blueprint("nowhere", __name__)
    socket_route(blueprint, "/nowhere")(lambda: Refuse(1008, "never asked"))
    app.register_blueprint(blueprint)
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    answer = app.test_client().get("/nowhere", base_url="ws://localhost", headers=headers)
    assert (answer.status_code, answer.get_json()["status"]) == (501, 501)
