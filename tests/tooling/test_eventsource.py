"""The client against a tiny server that answers with scripted bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gevent
import gevent.socket
import pytest
from gevent.server import StreamServer

from tests.support.eventsource import EventSource
from tests.support.wait import wait_until

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
)
HEAD_1_0 = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
END = b"0\r\n\r\n"

Answer = Callable[[gevent.socket.socket], None]


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


class Server:
    """The nth connection gets the nth answer, the last one ever after; requests are kept."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[str] = []
        self._server = StreamServer(("127.0.0.1", 0), self._handle)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/updates?a=1"

    def say(self, *pieces: bytes, stay: bool = False) -> None:
        def answer(connection: gevent.socket.socket) -> None:
            for piece in pieces:
                connection.sendall(piece)
                gevent.idle()
            if stay:
                connection.recv(1)

        self.answers.append(answer)

    def _handle(self, connection: gevent.socket.socket, _: object) -> None:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(connection.recv(65536).decode())
        answer(connection)

    def stop(self) -> None:
        self._server.stop(timeout=1)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def test_reads_chunks_cut_anywhere(server: Server) -> None:
    body = (
        chunk(b"retry: 5\n: hi\n\n")
        + chunk(b"id: 1\ndata: a\n\nid: 2\nevent: x\nda")
        + chunk(b"ta: b\n\n")
        + END
    )
    server.say(HEAD[:9], HEAD[9:], *(body[i : i + 1] for i in range(len(body))))
    with EventSource(server.url, keep_raw=True) as source:
        source.wait_over()
        assert [(event.name, event.data) for event in source.events] == [("message", "a"), ("x", "b")]
        assert (source.status, source.retry, source.last_event_id, source.opened) == (200, 5, "2", 1)
        assert source.was_finished
        assert source.comments == [" hi"]
        assert source.log.startswith(b"retry: 5\n")
        assert source.data == ["a"]


def test_reads_http_1_0_until_the_connection_ends(server: Server) -> None:
    server.say(HEAD_1_0, b"data: a\n\n")
    with EventSource(server.url, http="1.0") as source:
        source.wait_over()
        assert source.data == ["a"]
        assert source.version == "HTTP/1.0"
        assert not source.was_finished
    assert server.requests[0].startswith("GET /updates?a=1 HTTP/1.0\r\n")


def test_comes_back_with_its_last_id_until_a_status_stops_it(server: Server) -> None:
    server.say(HEAD, chunk(b"retry: 1\nid: 7\ndata: a\n\n"))  # cut without a last chunk
    server.say(HEAD, chunk(b"event: stream.resumed\ndata: {}\n\n"), END)
    server.say(b"HTTP/1.1 204 No Content\r\n\r\n")
    with EventSource(server.url, reconnect=True, token="t") as source:
        source.wait_over()
        assert (source.attempts, source.opened, source.status) == (3, 2, 204)
        assert "204" in source.failure
    assert "Last-Event-ID" not in server.requests[0]
    # An event without an id keeps the one before.
    assert all("Last-Event-ID: 7\r\n" in request for request in server.requests[1:])
    assert all("Authorization: Bearer t\r\n" in request for request in server.requests)


def test_goes_round_its_urls_also_when_one_refuses(server: Server) -> None:
    server.say(HEAD, chunk(b"data: a\n\n"), stay=True)
    with gevent.socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        dead = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        with EventSource([dead, server.url], reconnect=True, retry_cap=0.01) as source:
            source.wait_open().wait_for(1)
            assert source.attempts == 2


def test_keeps_the_body_of_a_refusal(server: Server) -> None:
    server.say(
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nContent-Type: application/json\r\n\r\n", b"null"
    )
    with EventSource(server.url, reconnect=True) as source:
        source.wait_over()
        assert (source.status, source.body, source.opened) == (403, b"null", 0)


def test_wait_tells_what_did_arrive(server: Server) -> None:
    server.say(HEAD, chunk(b"data: only this\n\n"), stay=True)
    with EventSource(server.url) as source:
        source.wait_for(1)
        with pytest.raises(AssertionError, match="only this"):
            source.wait_for(2, timeout=0.05)
        with pytest.raises(AssertionError, match=r"stream\.closed"):
            source.wait_for_event("stream.closed", timeout=0.05)


def test_wait_gives_up_at_once_when_nothing_can_come(server: Server) -> None:
    server.say(HEAD, END)
    with EventSource(server.url) as source, pytest.raises(AssertionError, match="over without 1 events"):
        source.wait_for(1, timeout=60)


def test_stalled_reader_leaves_the_sender_stuck(server: Server) -> None:
    sent: list[int] = []
    event = chunk(b"data: " + b"x" * 50_000 + b"\n\n")

    def flood(connection: gevent.socket.socket) -> None:
        connection.setsockopt(gevent.socket.SOL_SOCKET, gevent.socket.SO_SNDBUF, 65536)
        connection.sendall(HEAD + chunk(b": first\n"))
        go.wait()
        for number in range(100):
            connection.sendall(event)
            sent.append(number)
        connection.sendall(END)

    go = gevent.event.Event()
    server.answers.append(flood)
    with EventSource(server.url, receive_buffer=32768) as source:
        source.wait_open().stop_reading()
        go.set()
        with pytest.raises(AssertionError):
            wait_until(lambda: len(sent) == 100, 0.3)
        assert not source.events
        source.resume_reading()
        source.wait_over()
        assert len(source.events) == 100


def test_close_and_drop_are_seen_by_the_server(server: Server) -> None:
    left: list[bytes] = []

    def answer(connection: gevent.socket.socket) -> None:
        connection.sendall(HEAD + chunk(b"id: 1\n: hi\n\n"))
        try:
            left.append(connection.recv(1))
        except ConnectionResetError:
            left.append(b"reset")

    server.answers.append(answer)
    with EventSource(server.url, reconnect=True, retry_cap=0.01) as source:
        source.wait_open().drop()
        source.wait_open(2).close(reset=True)
    wait_until(lambda: left == [b"", b"reset"], what=lambda: str(left))
    assert source.is_over
