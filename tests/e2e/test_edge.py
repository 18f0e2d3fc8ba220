"""deploy/nginx.conf: what it lets through, what it changes, and what it says while the hub is away."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest
from gevent.event import Event
from gevent.socket import create_connection

from tests.support.edge import Edge
from tests.support.fixtures import OpenStream
from tests.support.nginx import find_nginx
from tests.support.process import free_port
from tests.support.upstream import Answer, Upstream, echo, respond, stream
from tests.support.wire import Transport

STREAMS = [
    "/sse?token=SECRET",
    "/sse/updates/5cec0b9e-6e0c-4d0f-a0e0-0d4c0b9e6e0c?token=SECRET",
    "/api/ad-concepts/7/stream",
]
ORDINARY = ["/sse/send", "/sse/push", "/sse/updates", "/api/ad-concepts/7", "/login", "/ws"]
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "1",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9",
    "X-Request-ID": "forged",
}

Behind = Callable[[Answer], tuple[Edge, Upstream]]


@pytest.fixture
def behind() -> Iterator[Behind]:
    """`behind(answer)` → the edge and the server behind it."""
    if find_nginx() is None:
        pytest.skip("no nginx on this machine (scripts/test-services --with nginx installs it)")
    made: list[Edge | Upstream] = []

    def start(answer: Answer) -> tuple[Edge, Upstream]:
        upstream = Upstream(answer)
        made.append(upstream)
        edge = Edge(upstream.port)
        made.append(edge)
        return edge, upstream

    yield start
    for it in made:
        it.stop()


@pytest.fixture
def alone() -> Iterator[Edge]:
    """An edge with nobody behind it."""
    if find_nginx() is None:
        pytest.skip("no nginx on this machine (scripts/test-services --with nginx installs it)")
    edge = Edge(free_port())
    yield edge
    edge.stop()


def retry(text: str) -> int:
    """Of a stream that says nothing but when to come back."""
    found = re.fullmatch(r"retry: (\d+)\n: the hub is away\n\n", text)
    assert found, text
    return int(found[1])


# While the hub is away


@pytest.mark.parametrize("path", STREAMS)
def test_a_stream_says_when_to_come_back(alone: Edge, path: str) -> None:
    answer = alone.get(path, headers={"Origin": "https://pages.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert 5000 <= retry(answer.text) <= 10000
    assert answer.headers["Cache-Control"] == "no-cache, no-store"
    # Else a browser would not show it to the page, whose EventSource would then give up.
    assert answer.headers["Access-Control-Allow-Origin"] == "https://pages.example"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_readers_do_not_come_back_all_at_once(alone: Edge) -> None:
    assert len({retry(alone.get("/sse").text) for _ in range(30)}) >= 3


def test_a_reader_that_may_ask_first_is_answered_too(alone: Edge) -> None:
    asked = {"Origin": "https://pages.example", "Access-Control-Request-Headers": "authorization"}
    answer = alone.request("OPTIONS", "/sse", headers=asked)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"


@pytest.mark.parametrize("path", ORDINARY)
def test_other_paths_say_that_it_is_away(alone: Edge, path: str) -> None:
    answer = alone.post(path, data="x")
    assert answer.status_code == 502
    assert answer.json() == {"error": "The hub can't be reached, try again", "status": 502}
    assert (answer.headers["Content-Type"], answer.headers["Retry-After"]) == ("application/json", "2")


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
def test_a_hub_that_can_not(behind: Behind, status: str) -> None:
    edge, _ = behind(respond(status, '{"error":"its own"}', Retry_After="7"))
    assert retry(edge.get("/sse").text)
    answer = edge.get("/constellations")
    assert (answer.status_code, answer.text) == (int(status[:3]), '{"error":"its own"}')
    assert answer.headers["Retry-After"] == "7"


@pytest.mark.parametrize("status", ["204 No Content", "400 Bad Request", "401 Unauthorized", "404 Not Found"])
def test_other_answers_to_a_stream_pass(behind: Behind, status: str) -> None:
    edge, _ = behind(respond(status, "" if status[0] == "2" else '{"error":"its own"}'))
    answer = edge.get("/sse")
    assert answer.status_code == int(status[:3])
    assert "retry:" not in answer.text


def test_another_instance_answers() -> None:
    upstream = Upstream(respond("200 OK", "here"))
    edge = Edge(free_port(), upstream.port)
    try:
        assert [edge.get("/constellations").text for _ in range(6)] == ["here"] * 6
    finally:
        edge.stop()
        upstream.stop()


# What passes


def test_events_do_not_wait(behind: Behind, open_stream: OpenStream) -> None:
    """Although this hub does not ask for it with X-Accel-Buffering."""
    more = Event()
    edge, _ = behind(stream(["data: one\n\n", "data: two\n\n"], more))
    source = open_stream(f"{edge.url}/sse", tls=edge.tls)
    source.wait_for_messages(1, timeout=2)
    more.set()
    source.wait_over()
    assert (source.data, source.was_finished) == (["one", "two"], True)


def test_forwarded_headers_are_replaced(behind: Behind) -> None:
    edge, upstream = behind(respond("200 OK"))
    edge.get("/login", headers=FORGED)
    headers = upstream.last.headers
    authority = f"127.0.0.1:{edge.port}"
    assert [headers[f"x-forwarded-{it}"] for it in ("for", "proto", "host")] == [
        "127.0.0.1",
        "https",
        authority,
    ]
    assert headers["host"] == authority
    assert not {"x-forwarded-port", "x-forwarded-prefix", "forwarded"} & set(headers)
    assert re.fullmatch(r"[0-9a-f]{32}", headers["x-request-id"])
    assert upstream.last.line == "GET /login HTTP/1.1" and "connection" not in headers


def test_a_websocket_passes(behind: Behind) -> None:
    edge, upstream = behind(echo)
    wire = Transport()
    wire.connect("127.0.0.1", edge.port, tls=edge.tls)
    head = "GET /ws?user_id=alice HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    wire.send(head.encode())
    assert wire.receive().startswith(b"HTTP/1.1 101 ")
    for message in (b"there", b"and there"):
        wire.send(message)
        assert wire.receive() == message
    wire.close()
    assert upstream.last.line == "GET /ws?user_id=alice HTTP/1.1"
    assert [upstream.last.headers[it] for it in ("upgrade", "connection")] == ["websocket", "upgrade"]


@pytest.mark.parametrize(
    ("path", "protocol"),
    [("/ws", "h2c"), ("/login", "websocket"), ("/sse", "websocket"), ("/ws/x", "websocket")],
)
def test_nothing_else_is_upgraded(behind: Behind, path: str, protocol: str) -> None:
    edge, upstream = behind(respond("200 OK"))
    edge.get(path, headers={"Connection": "Upgrade", "Upgrade": protocol})
    assert not {"upgrade", "connection"} & set(upstream.last.headers)


def test_static_files_are_its_own_where_they_are(behind: Behind) -> None:
    edge, upstream = behind(respond("200 OK", "the hub's"))
    (edge.folder / "web/static/page.css").write_text("p {}")
    answer = edge.get("/static/page.css")
    assert (answer.text, answer.headers["Content-Type"]) == ("p {}", "text/css")
    assert answer.headers["Cache-Control"] == "max-age=3600"
    assert not upstream.heads
    assert edge.get("/static/other.css").text == "the hub's"


# What does not


def test_a_body_that_is_far_too_large(behind: Behind) -> None:
    edge, upstream = behind(respond("200 OK"))
    answer = edge.post("/login", data=b"x" * (2 * 1024 * 1024 + 1))
    assert (answer.status_code, answer.json()) == (413, {"error": "Request body too large", "status": 413})
    assert not upstream.heads


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/login", {"X": "x" * 9000}, 400), (f"/login?{'x' * 9000}", {}, 414)],
    ids=["header", "address"],
)
def test_a_head_that_is_too_large(behind: Behind, path: str, headers: dict[str, str], status: int) -> None:
    edge, upstream = behind(respond("200 OK"))
    answer = edge.get(path, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert not upstream.heads


# TLS


def test_plain_http_leads_to_https_without_the_query(behind: Behind) -> None:
    edge, upstream = behind(respond("200 OK"))
    for port in (edge.http_port, edge.port):
        answer = edge.get(f"http://127.0.0.1:{port}/sse?token=SECRET")
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{edge.url}/sse")
    assert not upstream.heads


def test_browsers_stay_on_https(behind: Behind) -> None:
    """The answer is the edge's own; what the hub says of it too is not doubled."""
    edge, _ = behind(respond("404 Not Found", Strict_Transport_Security="max-age=1"))
    for path in ("/", "/sse", "/static/"):
        assert edge.get(path).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_http_2_is_offered(alone: Edge) -> None:
    tls = alone.tls
    tls.set_alpn_protocols(["h2", "http/1.1"])
    with tls.wrap_socket(create_connection(("127.0.0.1", alone.port)), server_hostname="127.0.0.1") as made:
        assert (made.selected_alpn_protocol(), made.version()) == ("h2", "TLSv1.3")


# Logs


def test_no_token_gets_into_a_log(alone: Edge) -> None:
    """The hub is away, so every request is an error to nginx, which likes to show the whole line."""
    for path in STREAMS:
        alone.get(path, headers={"Referer": "https://pages.example/?token=SECRET"})
    alone.get(f"http://127.0.0.1:{alone.http_port}/sse?token=SECRET")
    assert '"path":"/sse"' in alone.logs and '"hub_status":"502"' in alone.logs
    assert "SECRET" not in alone.logs


def test_nginx_finds_nothing_to_warn_of(alone: Edge) -> None:
    tested = subprocess.run([*alone.command, "-t"], capture_output=True, text=True, timeout=10, check=False)
    assert tested.returncode == 0
    assert "warn" not in tested.stderr, tested.stderr
