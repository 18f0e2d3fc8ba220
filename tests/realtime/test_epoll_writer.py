"""What happens to a socket that was handed over: each test is a way in which that once broke."""

import gc
import os
import socket
from collections.abc import Iterator

import gevent
import pytest

from app.realtime.claims import Claims
from app.realtime.event import Position
from app.realtime.streams import epoll_writer as poller_module
from app.realtime.streams import sse
from app.realtime.streams.epoll_writer import EpollWriter
from app.realtime.streams.topic import Subscriber, Topic
from tests.realtime.reader import Chunked
from tests.support.sse import Decoder
from tests.support.wait import wait_until

LIMIT = 50_000


class Stage:
    """An epoll writer, and streams on socket pairs of which the tests hold the readers' ends."""

    def __init__(self) -> None:
        self.ended: list[Subscriber] = []
        self.poller = EpollWriter(self.ended.append)
        self.poller.start()
        self.clients: list[socket.socket] = []

    def open(self, is_chunked: bool = True, *blocks: bytes) -> tuple[Subscriber, socket.socket]:
        server, client = socket.socketpair()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        client.settimeout(5)
        self.clients.append(client)
        subscriber = Subscriber(Topic("constellation:a"), Claims("alice", "t", 0), LIMIT)
        for block in blocks:
            subscriber.push(block)
        subscriber.release(Position("epoch1", 0))
        self.poller.attach(subscriber, server.detach(), is_chunked)
        return subscriber, client

    def wait_ended(self, subscriber: Subscriber, timeout: float = 1) -> None:
        wait_until(lambda: subscriber in self.ended, timeout, what=f"the end, {subscriber.reason}")
        assert self.ended.count(subscriber) == 1
        assert subscriber.fd == -1


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.poller.stop()
    for client in stage.clients:
        client.close()


def read_all(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def decode(data: bytes, is_chunked: bool = True) -> list[tuple[str, str]]:
    """The events of a whole stream; fails where its framing is broken."""
    chunked = Chunked()
    body = chunked.feed(data) if is_chunked else data
    assert not is_chunked or (chunked.is_over and not chunked.rest)
    decoder = Decoder()
    events = [(event.name, event.data) for event in decoder.feed(body)]
    assert decoder.ignored == []
    return events


@pytest.mark.parametrize("is_chunked", [True, False], ids=["HTTP/1.1", "HTTP/1.0"])
def test_what_waited_goes_out_first_and_in_order(stage: Stage, is_chunked: bool) -> None:
    subscriber, client = stage.open(is_chunked, sse.encode("1"), sse.encode("2"))
    subscriber.push(sse.encode("3"))
    subscriber.close("deleted")
    events = decode(read_all(client), is_chunked)
    assert events == [
        ("message", "1"),
        ("message", "2"),
        ("message", "3"),
        ("stream.closed", '{"reason": "deleted"}'),
    ]
    client.close()
    stage.wait_ended(subscriber)
    assert subscriber.reason == "deleted"


@pytest.mark.parametrize("how", ["close", "half-close"])
def test_a_reader_that_leaves_is_noticed_at_once(stage: Stage, how: str) -> None:
    leaving, client = stage.open()
    staying, other = stage.open()
    client.close() if how == "close" else client.shutdown(socket.SHUT_WR)
    stage.wait_ended(leaving)
    assert leaving.reason == "client_gone"
    staying.push(sse.encode("still here"))
    assert b"still here" in other.recv(65536)
    assert len(stage.poller) == 1


def test_pushing_to_a_reader_that_left_does_no_harm(stage: Stage) -> None:
    subscriber, client = stage.open()
    client.close()
    subscriber.push(sse.encode("x" * 10_000))  # before the epoll writer could notice
    subscriber.push(sse.encode("y"))
    stage.wait_ended(subscriber)
    assert subscriber.send_buffer is None


def test_a_slow_reader_gets_everything_whole(stage: Stage) -> None:
    subscriber, client = stage.open()
    texts = [f"{n} " + "x" * 900 for n in range(50)]
    for text in texts:
        subscriber.push(sse.encode(text))
    assert subscriber.unsent_bytes > 0, "the kernel took it all: this test would prove nothing"
    subscriber.close("shutdown")
    events = decode(read_all(client))
    assert events == [("message", text) for text in texts] + [("stream.closed", '{"reason": "shutdown"}')]


def test_forty_megabytes_reach_a_slow_reader_intact(stage: Stage) -> None:
    subscriber, client = stage.open()
    subscriber.limit = 100 * 1024 * 1024
    block = sse.encode("z" * 100_000)
    for _ in range(400):
        subscriber.push(block)
    subscriber.close("shutdown")
    events = decode(read_all(client))
    assert len(events) == 401 and set(events[:400]) == {("message", "z" * 100_000)}


def test_a_reader_past_the_limit_is_cut_off_between_two_events(stage: Stage) -> None:
    subscriber, client = stage.open()
    while subscriber.reason is None:
        subscriber.push(sse.encode("x" * 1000))
        assert subscriber.unsent_bytes <= LIMIT + 100
    assert subscriber.reason == "slow_consumer"
    assert subscriber.unsent_bytes < 2000  # the event that was begun, and the reason
    events = decode(read_all(client))
    assert events[-1] == ("stream.closed", '{"reason": "slow_consumer"}')
    assert set(events[:-1]) == {("message", "x" * 1000)}


def test_one_event_always_fits(stage: Stage) -> None:
    subscriber, client = stage.open()
    subscriber.push(sse.encode("x" * LIMIT * 3))
    subscriber.close("shutdown")
    assert decode(read_all(client))[0] == ("message", "x" * LIMIT * 3)


def test_the_last_bytes_arrive_although_the_reader_had_more_to_say(stage: Stage) -> None:
    """Closing with input unread makes the kernel reset the connection, and drop what is on its way."""
    server, client = tcp_pair()
    stage.clients.append(client)
    subscriber = Subscriber(Topic("constellation:a"), Claims("alice", "t", 0), 1024 * 1024)
    client.sendall(b"x" * 10_000)
    stage.poller.attach(subscriber, server.detach(), True)
    subscriber.push(sse.encode("y" * 200_000))
    subscriber.close("shutdown")
    client.sendall(b"x" * 10_000)
    assert decode(read_all(client)) == [
        ("message", "y" * 200_000),
        ("stream.closed", '{"reason": "shutdown"}'),
    ]


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        client.settimeout(5)
        return listener.accept()[0], client


def test_a_reader_that_talks_is_heard_out_and_then_cut_off(stage: Stage) -> None:
    subscriber, client = stage.open()
    client.sendall(b"x" * 1000)
    subscriber.push(sse.encode("fine"))
    assert b"fine" in client.recv(65536)
    with pytest.raises(OSError):
        for _ in range(200):
            client.sendall(b"x" * 4096)
            gevent.sleep(0.001)
    stage.wait_ended(subscriber)


def test_a_reader_that_does_not_take_its_end_is_given_up(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller_module, "CLOSING_SECONDS", 0.2)
    subscriber, _client = stage.open()
    subscriber.push(sse.encode("x" * 40_000))
    subscriber.close("shutdown")
    gevent.spawn_later(0.1, stage.poller.tick)
    gevent.spawn_later(0.3, stage.poller.tick)
    stage.wait_ended(subscriber, timeout=2)


def test_a_number_that_is_used_again_is_another_stream(stage: Stage) -> None:
    first, client = stage.open()
    stage.poller.drop(first)
    client.close()
    reused, reused_client = stage.open()
    first.fd = reused.fd  # late news of the first one, by a number that is another's by now
    stage.poller.drop(first)
    reused.push(sse.encode("mine"))
    assert b"mine" in reused_client.recv(65536)
    assert reused not in stage.ended


def test_one_stream_that_fails_leaves_the_poller_at_work(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing, client = stage.open()
    fine, other = stage.open()

    def fail(subscriber: Subscriber) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patched:
        patched.setattr(stage.poller, "_discard_input", fail)
        client.sendall(b"x")
        stage.wait_ended(failing)
    fine.push(sse.encode("hello"))
    assert b"hello" in other.recv(65536)
    other.close()
    stage.wait_ended(fine)
    assert stage.poller.is_alive


def test_mass_departures_leave_no_descriptor(stage: Stage) -> None:
    gc.collect()  # what other tests left behind may be closed now, and not in between
    before = set(os.listdir("/proc/self/fd"))
    pairs = [stage.open() for _ in range(500)]
    for _, client in pairs:
        client.close()
    wait_until(lambda: len(stage.ended) == 500, what=lambda: str(len(stage.ended)))
    assert len(stage.poller) == 0
    assert set(os.listdir("/proc/self/fd")) <= before
