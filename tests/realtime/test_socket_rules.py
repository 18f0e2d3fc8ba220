"""What ends a WebSocket that neither side closed: silence, too many frames, its token, orders, a drain."""

import json
from collections.abc import Callable, Iterator
from time import monotonic, time

import gevent
import pytest

from app.realtime.claims import Claims
from app.realtime.engine import Engine, EngineSettings
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets import registry
from app.realtime.sockets.connection import MOST_REFUSED, Accept, Connection, SocketLimits
from app.realtime.streams import epoll_writer
from tests.realtime.conftest import MakeEngine
from tests.realtime.request_sockets import ALICE, WAYS, Recorder, Response, Worker
from tests.support.wait import wait_until
from tests.support.websocket import PING, PONG, TEXT, Client, frame

BOB = Claims("bob", "token-of-bob", 0)
Open = Callable[..., tuple[Connection, Client, Recorder]]


@pytest.fixture(params=WAYS)
def make_worker(request: pytest.FixtureRequest) -> Iterator[Callable[..., Worker]]:
    made: list[Worker] = []

    def make(**bounds: float) -> Worker:
        made.append(Worker(request.param, **bounds))
        return made[-1]

    yield make
    for worker in made:
        worker.stop()


# Silence


def tick_until(worker: Worker, condition: Callable[[], bool], timeout: float = 5) -> None:
    def is_so() -> bool:
        worker.sockets.tick()
        return condition()

    wait_until(is_so, timeout)


def test_a_silent_peer_is_pinged_and_then_given_up(make_worker: Callable[..., Worker]) -> None:
    worker, handler = make_worker(ping_seconds=1, pong_seconds=1), Recorder()
    began = monotonic()
    _, client = worker.open(handler)
    tick_until(worker, lambda: bool(handler.ends))
    assert monotonic() - began >= 1
    assert handler.ends == [(1008, "ping timeout")]
    assert client.read().opcode == PING
    assert client.read().end == (1008, "ping timeout")


@pytest.mark.parametrize("answer", [frame(PONG), frame(TEXT, b"busy")[:4]], ids=["pong", "anything"])
def test_whatever_a_peer_sends_is_a_sign_of_life(make_worker: Callable[..., Worker], answer: bytes) -> None:
    worker, handler = make_worker(ping_seconds=1, pong_seconds=1), Recorder()
    connection, client = worker.open(handler)
    pings = 0

    def answer_pings() -> None:
        nonlocal pings
        while client.read().opcode == PING:
            pings += 1
            client.send(answer if pings == 1 else b"\0")

    gevent.spawn(answer_pings)
    tick_until(worker, lambda: pings == 2)
    assert connection.is_open


# The rate of frames


def test_frames_over_the_rate_are_dropped_and_told_once(make_worker: Callable[..., Worker]) -> None:
    worker, handler = make_worker(frames_per_second=0.001, frames_burst=5), Recorder()
    connection, client = worker.open(handler)
    client.send(*(frame(TEXT, b"%d" % n) for n in range(20)), frame(PING))
    told = json.loads(client.hear())
    assert (told.pop("timestamp") > time() - 5, told) == (
        True,
        {"type": "error", "message": "Too many messages"},
    )
    handler.wait_told("opened", *(b"%d" % n for n in range(5)))
    wait_until(lambda: worker.meters.frames_limited == 16)
    connection.send(b"nothing else was said before this")
    assert client.hear() == "nothing else was said before this"


def test_who_keeps_to_the_rate_again_is_heard_again(make_worker: Callable[..., Worker]) -> None:
    worker, handler = make_worker(frames_per_second=50, frames_burst=5), Recorder()
    _, client = worker.open(handler)
    client.send(*(frame(TEXT, b"x") for _ in range(10)))
    wait_until(lambda: worker.meters.frames_limited == 5)
    gevent.sleep(0.15)
    client.say("again")
    handler.wait_told("opened", *[b"x"] * 5, b"again")


def test_who_never_stops_is_closed(make_worker: Callable[..., Worker]) -> None:
    worker, handler = make_worker(frames_per_second=0.001, frames_burst=5), Recorder()
    _, client = worker.open(handler)
    client.send(*(frame(TEXT, b"x") for _ in range(5 + MOST_REFUSED * 10)))
    assert client.read_end() == (1008, "rate limit exceeded")
    handler.wait_end(1008, "rate limit exceeded")
    assert worker.meters.frames_limited == MOST_REFUSED + 1


def test_fragments_count_too(make_worker: Callable[..., Worker]) -> None:
    worker, handler = make_worker(frames_per_second=0.001, frames_burst=5), Recorder()
    _, client = worker.open(handler)
    client.send(frame(TEXT, b"x", is_last=False), *(frame(0, b"x", is_last=False) for _ in range(300)))
    assert client.read_end() == (1008, "rate limit exceeded")


# Tokens, orders and the worker's end


@pytest.fixture
def open_on(make_engine: MakeEngine) -> Iterator[Open]:
    clients: list[Client] = []

    def open_one(engine: Engine, claims: Claims = ALICE, generation: int | None = None):  # type: ignore[no-untyped-def]
        server, client = gevent.socket.socketpair()
        clients.append(Client(client))
        handler = Recorder()
        number = engine.control.generation if generation is None else generation
        accept = Accept(claims.subject, claims, handler)
        peer = RequestSocket(server, Response(), can_be_taken=True)
        return engine.open_socket(peer, server, accept, number), clients[-1], handler

    yield open_one
    for client in clients:
        client.close()


def test_a_token_that_expires_closes_its_sockets(make_engine: MakeEngine, open_on: Open) -> None:
    engine = make_engine()
    soon = ALICE._replace(expires_at=int(time()) + 1)
    _, client, handler = open_on(engine, soon)
    staying, _, _ = open_on(engine, BOB)
    assert client.read().end == (1008, "token expired")
    assert time() < soon.expires_at + 3
    handler.wait_end(1008, "token expired")
    assert staying.is_open


@pytest.mark.parametrize("of", [{"user": "alice"}, {"token": "token-of-alice"}])
def test_an_order_closes_the_sockets_it_names(engine: Engine, open_on: Open, of: dict[str, str]) -> None:
    _, client, _ = open_on(engine)
    staying, _, _ = open_on(engine, BOB)
    wait_until(engine.control._is_heard)
    engine.disconnect("logged_out", **of)
    assert client.read().end == (1008, "logged out")
    assert staying.is_open


def test_orders_about_a_topic_or_about_older_tokens_spare_sockets(engine: Engine, open_on: Open) -> None:
    connection, client, _ = open_on(engine, ALICE._replace(version=3))
    wait_until(engine.control._is_heard)
    engine.disconnect("rights_revoked", topic="constellation:a", user="alice")
    engine.disconnect("logged_out", user="alice", version=3)
    engine.disconnect("rights_revoked", user="bob")
    assert connection.is_open
    engine.disconnect("logged_out", user="alice", version=4)
    assert client.read().end == (1008, "logged out")


def test_rights_are_asked_again_when_orders_came_meanwhile(make_engine: MakeEngine, open_on: Open) -> None:
    engine = make_engine()
    asked: list[tuple[Claims, str]] = []

    def why_not(claims: Claims, name: str) -> str | None:
        asked.append((claims, name))
        return "rights_revoked" if claims is ALICE else None

    engine.rechecks.authorize_socket = why_not
    open_on(engine)
    assert asked == []
    _, client, _ = open_on(engine, generation=-1)
    assert client.read().end == (1008, "rights revoked")
    bobs, _, _ = open_on(engine, BOB, generation=-1)
    assert (asked, bobs.is_open) == ([(ALICE, "alice"), (BOB, "bob")], True)


def test_a_round_asks_for_every_socket_again(make_engine: MakeEngine, open_on: Open) -> None:
    engine = make_engine(EngineSettings(recheck_seconds=1))
    _, client, _ = open_on(engine)
    engine.rechecks.authorize_socket = lambda claims, name: "rights_revoked"
    assert client.read().end == (1008, "rights revoked")


def test_draining_tells_every_socket_and_waits_for_the_handlers(
    make_engine: MakeEngine, open_on: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no longer: a peer that answers the close frame is not waited for until the time is over."""
    monkeypatch.setattr(registry, "CLOSING_SECONDS", 60)
    monkeypatch.setattr(epoll_writer, "CLOSING_SECONDS", 60)
    engine = make_engine()
    opened = [open_on(engine) for _ in range(500)]
    for _, client, _ in opened:
        gevent.spawn(lambda client=client: (client.read_end(), client.close()))
    draining = gevent.spawn(engine.drain, wait_seconds=60)
    gevent.spawn(lambda: [client.send(frame(8)) for _, client, _ in opened])
    draining.get(timeout=30)
    assert all(handler.ends == [(1001, "Server shutdown")] for _, _, handler in opened)
    _, client, late = open_on(engine)
    assert client.read().end == (1001, "Server shutdown")
    assert late.told == []


@pytest.mark.parametrize("bound", ["max_sockets", "max_open"])
def test_past_the_cap_a_socket_is_sent_away(make_engine: MakeEngine, open_on: Open, bound: str) -> None:
    engine = make_engine(EngineSettings(**{bound: 2}, socket_limits=SocketLimits()))  # type: ignore[arg-type]
    first, client, _ = open_on(engine)
    open_on(engine)
    _, refused, handler = open_on(engine)
    assert refused.read().end == (1013, "Try again later")
    assert (handler.told, len(engine.sockets)) == ([], 2)
    refused.close()
    client.close()
    wait_until(lambda: engine.sockets.held == 1)
    again, _, _ = open_on(engine)
    assert again.is_open and not first.is_open
