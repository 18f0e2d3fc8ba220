"""WebSockets of a worker, over either transport: messages arrive whole and in order, and handlers learn of
every end."""

import gc
import os
import socket
from collections.abc import Iterator

import gevent
import pytest

from app.realtime.sockets import registry as sockets_module
from app.realtime.sockets.connection import UNREAD_MESSAGES, Connection
from app.realtime.sockets.frames import Binary
from tests.realtime.request_sockets import WAYS, Recorder, Worker, Written
from tests.support.wait import wait_until
from tests.support.websocket import BINARY, CLOSE, PING, PONG, TEXT, Frame, close_frame, frame

LIMIT = 50_000


@pytest.fixture(params=WAYS)
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    worker = Worker(request.param, buffer_bytes=LIMIT)
    yield worker
    worker.stop()


@pytest.fixture
def handler() -> Recorder:
    return Recorder()


# Messages


def test_messages_go_both_ways(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    client.say("hello")
    client.send(frame(BINARY, b"\0\xff"))
    handler.wait_told("opened", b"hello", b"\0\xff")
    assert [type(message) for message in handler.told[1:]] == [bytes, Binary]
    connection.send("schön".encode())
    connection.send(Binary(b"\xff"))
    assert (client.hear(), client.read()) == ("schön", Frame(BINARY, b"\xff"))
    assert (worker.meters.frames_in, worker.meters.frames_out) == (2, 2)


def test_many_messages_arrive_in_order(worker: Worker, handler: Recorder) -> None:
    _, client = worker.open(handler)
    texts = [str(n) for n in range(900)]
    client.send(*(frame(TEXT, text.encode()) for text in texts))
    handler.wait_told("opened", *(text.encode() for text in texts))


def test_pings_are_answered_also_between_fragments(worker: Worker, handler: Recorder) -> None:
    _, client = worker.open(handler)
    client.send(frame(TEXT, b"hel", is_last=False), frame(PING, b"1"), frame(0, b"lo"), frame(PONG, b"?"))
    assert client.read() == Frame(PONG, b"1")
    handler.wait_told("opened", b"hello")


def test_forty_megabytes_reach_a_slow_reader_intact(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    written = Written()

    def send_all() -> None:
        for number in range(400):
            connection.send(b"%03d" % number + b"z" * 99_997, written)
            wait_until(lambda: len(written) > number or not connection.is_open, 20, interval=0.001)  # noqa: B023

    gevent.spawn(send_all)
    for number in range(400):
        text = client.hear()
        assert (text[:3], len(text), set(text[3:])) == (f"{number:03}", 100_000, {"z"})
    wait_until(lambda: written == [True] * 400)


def test_who_waits_for_a_frame_is_told_when_it_has_left(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    first, second, never = Written(), Written(), Written()
    connection.send(b"x" * 30_000, first)
    connection.send(b"y" * 10_000, second)
    gevent.sleep(0.01)
    assert first == [], "the kernel took it all: this test would prove nothing"
    assert (client.hear(), client.hear()) == ("x" * 30_000, "y" * 10_000)
    wait_until(lambda: (first, second) == ([True], [True]))
    connection.send(b"z" * 30_000, never)
    client.close()
    handler.wait_end(1006)
    wait_until(lambda: never == [False])
    connection.send(b"late", never)
    assert never == [False, False]


def test_one_message_always_fits(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    connection.send(b"x" * LIMIT * 3)
    assert client.hear() == "x" * LIMIT * 3


# Ends


def test_the_peers_close_is_answered_after_what_it_said(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    client.send(frame(TEXT, b"last words"), close_frame(4001, "bye"))
    assert client.read_end() == (4001, "")
    handler.wait_told("opened", b"last words", (4001, "bye"))
    assert not connection.is_open
    client.close()
    worker.wait_empty()
    assert worker.meters.socket_ends == {"application": 1}


def test_a_close_without_code_is_answered_without(worker: Worker, handler: Recorder) -> None:
    _, client = worker.open(handler)
    client.send(frame(CLOSE))
    assert client.read() == Frame(CLOSE, b"")
    handler.wait_end(1005)


def test_a_close_follows_what_was_sent_and_is_heard_out(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    connection.send(b"x" * 40_000)
    connection.close(1008, "enough")
    connection.close(1000, "twice")
    connection.send(b"late")
    client.say("not heard any more")
    assert client.hear() == "x" * 40_000
    assert client.read().end == (1008, "enough")
    client.send(close_frame(1008))
    assert client.is_at_end()
    handler.wait_told("opened", (1008, "enough"))
    client.close()
    worker.wait_empty(1)


@pytest.mark.parametrize("how", ["close", "half-close"])
def test_a_peer_that_leaves_is_noticed_at_once(worker: Worker, handler: Recorder, how: str) -> None:
    _, client = worker.open(handler)
    client.say("last words")
    client.close() if how == "close" else client.sock.shutdown(socket.SHUT_WR)
    handler.wait_told("opened", b"last words", (1006, ""), timeout=1)
    worker.wait_empty(1)


def test_a_peer_that_does_not_take_its_end_is_given_up(
    worker: Worker, handler: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets_module, "CLOSING_SECONDS", 0.1)
    connection, _client = worker.open(handler)
    connection.send(b"x" * 40_000)
    connection.close(1008, "enough")

    def is_gone() -> bool:
        worker.sockets.tick()
        return worker.sockets.is_empty

    wait_until(is_gone, 2)
    handler.wait_told("opened", (1008, "enough"))


BROKEN = {
    1002: frame(TEXT, b"not masked", is_masked=False),
    1007: frame(TEXT, b"\xff"),
    1009: frame(TEXT, b"x" * (1024 * 1024 + 1)),
}


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_rule_closes_after_what_came_before(worker: Worker, handler: Recorder, code: int) -> None:
    handler.echoes = True
    _, client = worker.open(handler)
    sending = gevent.spawn(client.send, frame(TEXT, b"fine"), BROKEN[code], frame(TEXT, b"unheard"))
    assert client.hear() == "fine"
    assert client.read_end()[0] == code
    sending.get(timeout=5)
    client.close()
    assert handler.told[:2] == ["opened", b"fine"]
    wait_until(lambda: handler.told[2:] and handler.told[2][0] == code, what=str(handler.told))
    worker.wait_empty()
    assert len(handler.told) == 3


def test_a_reader_past_the_limit_is_cut_off_between_two_frames(worker: Worker, handler: Recorder) -> None:
    connection, client = worker.open(handler)
    written = Written()
    while connection.is_open:
        connection.send(b"x" * 1000, written)
        gevent.sleep(0)
        assert connection.send_buffer is None or connection.send_buffer.size <= LIMIT
    assert connection.send_buffer is not None
    assert connection.send_buffer.size < 3000  # the frame that was begun, and the close frame
    texts = []
    while (last := client.read()).opcode == TEXT:
        texts.append(last.payload)
    assert last.end == (1008, "slow consumer")
    assert set(texts) == {b"x" * 1000}
    wait_until(lambda: written.count(True) == len(texts), what=f"{len(texts)} written")
    assert written.count(False) >= LIMIT / 1003 - 5
    handler.wait_end(1008, "slow consumer")


def test_a_handler_that_fails_closes_only_its_connection(worker: Worker, handler: Recorder) -> None:
    class Failing(Recorder):
        def received(self, connection: Connection, message: bytes) -> None:
            raise RuntimeError("a defect")

    failing = Failing()
    _, client = worker.open(failing)
    connection, other = worker.open(handler)
    client.send(frame(TEXT, b"x"), frame(TEXT, b"y"))
    assert client.read().end == (1011, "Internal server error")
    failing.wait_end(1011, "Internal server error")
    assert worker.meters.message_errors == 1
    connection.send(b"still here")
    assert other.hear() == "still here"
    assert worker.sockets.is_alive


@pytest.mark.parametrize("method", ["opened", "closed"])
def test_a_handler_that_fails_at_either_end_is_told_all_the_same(
    worker: Worker, handler: Recorder, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = getattr(handler, method)

    def fail(*arguments: object) -> None:
        told(*arguments)
        raise RuntimeError("a defect")

    monkeypatch.setattr(handler, method, fail)
    _, client = worker.open(handler)
    client.send(close_frame(1000))
    client.read_end()
    client.close()
    worker.wait_empty()
    assert len(handler.told) == 2
    assert handler.told[1][0] == (1011 if method == "opened" else 1000)


# Backpressure


def test_a_peer_that_is_faster_than_its_handler_has_to_wait(worker: Worker) -> None:
    class Slow(Recorder):
        def received(self, connection: Connection, message: bytes) -> None:
            may_go_on.wait()
            super().received(connection, message)

    may_go_on = gevent.event.Event()
    slow = Slow()
    connection, client = worker.open(slow)
    frames = [frame(TEXT, b"%d" % n + b"x" * 20_000) for n in range(400)]
    sending = gevent.spawn(client.send, *frames)
    wait_until(lambda: connection.is_paused)
    gevent.sleep(0.05)
    assert not sending.dead, "the kernel took it all: this test would prove nothing"
    assert len(connection.unread or ()) <= UNREAD_MESSAGES + 65536 // 20_000
    may_go_on.set()
    sending.get(timeout=10)
    wait_until(lambda: len(slow.told) == 401)
    assert [int(message.partition(b"x")[0]) for message in slow.told[1:]] == list(range(400))


def test_a_handler_that_waits_holds_up_nobody_else(worker: Worker, handler: Recorder) -> None:
    class Waiting(Recorder):
        def received(self, connection: Connection, message: bytes) -> None:
            gevent.sleep(60)

    _, client = worker.open(Waiting())
    client.say("x")
    handler.echoes = True
    _, other = worker.open(handler)
    other.say("y")
    assert other.hear() == "y"


# Coming and going


def test_a_number_that_is_used_again_is_another_connection(handler: Recorder) -> None:
    worker = Worker("poller")
    first, client = worker.open(handler)
    worker.sockets._transport.drop(first)
    client.close()
    reused, other = worker.open(handler)
    first.fd = reused.fd  # late news of the first one, by a number that is another's by now
    worker.sockets._transport.drop(first)
    reused.send(b"mine")
    assert other.hear() == "mine"
    worker.stop()


def test_one_connection_that_fails_leaves_the_wire_at_work(
    handler: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker("poller")
    connection, client = worker.open(handler)
    fine, other = worker.open(Recorder())
    monkeypatch.setattr(connection, "_parser", None)
    client.say("x")
    handler.wait_end(1006)
    fine.send(b"hello")
    assert other.hear() == "hello"
    assert worker.sockets.is_alive
    worker.stop()


def test_crowds_leave_nothing_behind(worker: Worker) -> None:
    gc.collect()  # what other tests left behind may be closed now, and not in between
    before = set(os.listdir("/proc/self/fd"))
    handlers = [Recorder() for _ in range(300)]
    opened = [worker.open(handler) for handler in handlers]
    wait_until(lambda: all(handler.told for handler in handlers))
    wait_until(lambda: len(worker.sockets) == worker.sockets.held == 300)
    assert {connection.id for connection, _ in opened} == set(worker.sockets.by_id)
    for number, (connection, client) in enumerate(opened):
        if number % 3 == 0:
            connection.close(1008, "enough")
        elif number % 3 == 1:
            client.send(close_frame(1000))
        client.close()
    worker.wait_empty()
    assert all(len(handler.told) == 2 for handler in handlers)
    wait_until(lambda: set(os.listdir("/proc/self/fd")) <= before)
