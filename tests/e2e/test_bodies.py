"""Request bodies on the wire: chunked, slow, broken off, and never read."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
import requests

from tests.support.fixtures import StartHub, StartStage
from tests.support.hub import HubProcess
from tests.support.stage import Stage

MEBIBYTE = 1024 * 1024
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def pieces(size: int) -> Iterator[bytes]:
    """`size` bytes that requests sends in chunks, because it can't know how many they are."""
    while size > 0:
        yield b"x" * min(size, 65536)
        size -= 65536


def chunked(stage: Stage, path: str, body: Iterator[bytes], method: str = "POST") -> requests.Response:
    headers = {"Authorization": f"Bearer {stage.token}", "Content-Type": "application/json"}
    return requests.request(method, stage.hub.url + path, data=body, headers=headers, timeout=20)


def connect(hub: HubProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", hub.port), 20)


def head(stage: Stage, path: str, *headers: str, token: str | None = None, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: hub", f"Authorization: Bearer {token or stage.token}"]
    lines += ["Content-Type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def read_all(sock: socket.socket) -> bytes:
    """Everything up to the end of the connection."""
    data = b""
    with suppress(ConnectionResetError):
        while received := sock.recv(65536):
            data += received
    return data


def read_one(sock: socket.socket) -> bytes:
    """One answer, whose head and body may come in pieces; the connection stays."""
    data = b""
    while not is_whole(data):
        received = sock.recv(65536)
        assert received, data
        data += received
    return data


def is_whole(answer: bytes) -> bool:
    answer_head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", answer_head)
    return bool(found) and length is not None and len(body) >= int(length[1])


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.mark.parametrize(
    "path", ["/sse/notify/{}", "/constellations", "/constellations/{}/connect", "/login"]
)
def test_a_chunked_body_that_is_too_large_is_refused(stage: Stage, path: str) -> None:
    answer = chunked(stage, path.format(stage.constellation), pieces(5 * MEBIBYTE // 2))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert answer.headers["Connection"] == "close"


def test_a_chunked_body_of_the_largest_size_is_published(stage: Stage) -> None:
    source = stage.open()
    assert chunked(stage, f"/sse/notify/{stage.constellation}", pieces(MEBIBYTE)).status_code == 200
    source.wait_for_messages(1)
    assert source.data == ["x" * MEBIBYTE]
    assert chunked(stage, f"/sse/notify/{stage.constellation}", pieces(MEBIBYTE + 1)).status_code == 413


def test_chunked_json_of_the_largest_size_is_read(stage: Stage) -> None:
    body = json.dumps({"name": "Lyra"}).encode().ljust(MEBIBYTE)
    answer = chunked(stage, "/constellations", iter([body[:7], body[7:]]))
    assert answer.status_code == 201


def test_an_announced_body_that_is_too_large_can_be_sent_and_its_refusal_read(stage: Stage) -> None:
    """The client is still writing when the answer is there."""
    for path in ("/constellations", f"/sse/notify/{stage.constellation}"):
        answer = stage.hub.post(path, token=stage.token, data=b"x" * (5 * MEBIBYTE // 2))
        assert answer.status_code == 413


def test_slow_bodies_leave_the_database_to_others(start_stage: StartStage) -> None:
    stage = start_stage(DATABASE_POOL_SIZE="2", DATABASE_POOL_OVERFLOW="1", DATABASE_POOL_SECONDS="1")
    place = f"/constellations/{stage.constellation}"
    paths = [("POST", "/constellations"), ("PATCH", place), ("POST", f"{place}/connect")]
    with ExitStack() as held:
        for number in range(20):
            method, path = paths[number % len(paths)]
            sock = held.enter_context(connect(stage.hub))
            sock.sendall(head(stage, path, "Content-Length: 100", method=method) + b"{")
        time.sleep(0.5)
        assert stage.hub.get("/constellations", token=stage.token).status_code == 200


@pytest.mark.parametrize("framing", ["Content-Length: 100", "Transfer-Encoding: chunked"])
def test_a_body_that_takes_too_long_ends_the_connection(start_stage: StartStage, framing: str) -> None:
    stage = start_stage(BODY_SECONDS="1")
    with connect(stage.hub) as sock:
        began = time.monotonic()
        sock.sendall(head(stage, f"/sse/notify/{stage.constellation}", framing) + b"5\r\nhe")
        answer = read_all(sock)
        assert time.monotonic() - began < 6
    assert status(answer) == 408
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == {
        "error": "The request body took too long",
        "status": 408,
    }
    assert b"Connection: close" in answer


def test_a_body_that_breaks_off_is_not_published(stage: Stage) -> None:
    source = stage.open()
    path = f"/sse/notify/{stage.constellation}"
    for framing, body in (
        ("Content-Length: 100", b"half"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\nnonsense\r\n"),
        ("Transfer-Encoding: chunked", b"4\r\nhalf\r\n0\r\nno trailer\r\n\r\n"),
    ):
        with connect(stage.hub) as sock:
            sock.sendall(head(stage, path, framing) + body)
            sock.shutdown(socket.SHUT_WR)
            assert status(read_all(sock)) == 400, body
    stage.notify("whole")
    source.wait_for_messages(1)
    assert source.data == ["whole"]


REFUSALS = [
    ("/constellations", "x.y.z", 401),
    (f"/sse/notify/{UNKNOWN}", None, 404),
    ("/nowhere", None, 404),
    ("/constellations", None, 413),
]


@pytest.mark.parametrize(("path", "token", "expected"), REFUSALS)
def test_a_refused_endless_body_is_not_read(
    stage: Stage, path: str, token: str | None, expected: int
) -> None:
    """Ten gigabytes are announced; the connection ends after a few megabytes at most."""
    sent = 0
    with connect(stage.hub) as sock:
        sock.sendall(head(stage, path, f"Content-Length: {10**10}", token=token))
        answer = read_one(sock)
        with suppress(ConnectionError):
            while sent < 64 * MEBIBYTE:
                sent += sock.send(b"x" * 65536)
    assert status(answer) == expected
    assert b"Connection: close" in answer
    assert sent < 32 * MEBIBYTE


def test_a_refused_chunked_body_is_not_read(stage: Stage) -> None:
    with connect(stage.hub) as sock:
        sock.sendall(head(stage, "/nowhere", "Transfer-Encoding: chunked") + b"5\r\nhello\r\n")
        began = time.monotonic()
        answer = read_all(sock)
        assert time.monotonic() - began < 5
    assert status(answer) == 404


def test_a_refused_small_body_keeps_the_connection(stage: Stage) -> None:
    with connect(stage.hub) as sock:
        for _ in range(3):
            sock.sendall(head(stage, "/nowhere", "Content-Length: 1000") + b"x" * 1000)
            answer = read_one(sock)
            assert status(answer) == 404
            assert re.search(rb"Connection: keep-alive", answer)


def test_a_body_that_was_read_keeps_the_connection(stage: Stage) -> None:
    with connect(stage.hub) as sock:
        for _ in range(2):
            path = f"/sse/notify/{stage.constellation}"
            sock.sendall(head(stage, path, "Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n")
            answer = read_one(sock)
            assert status(answer) == 200
            assert b"Connection: keep-alive" in answer


def test_only_trusted_proxies_are_believed(hub: StartHub) -> None:
    """Over http from loopback too, where gunicorn by itself believes X-Forwarded-Proto."""
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "hub.example",
        "X-Forwarded-For": "192.0.2.7",
    }
    page = {"Origin": "https://hub.example", **forwarded}
    for trusted, expected in (("0", 403), ("1", 200)):
        process = hub(TRUSTED_PROXIES=trusted)
        account = {"email": "ann@example.org", "password": "open sesame"}
        made = process.post("/api/auth/register", json=account)
        cookie = {"Cookie": f"auth_token={made.cookies['auth_token']}"}
        assert process.post("/api/auth/logout", headers={**page, **cookie}).status_code == expected
