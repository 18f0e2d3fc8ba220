"""The gateway: pushing to sockets, request/reply with a bot, relaying frames, memory of an idle socket."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, repeat

from benchmarks.bench import Bench
from benchmarks.harness.http import HttpConnection, request
from benchmarks.harness.places import ROOT
from benchmarks.harness.process import STOP_SECONDS, Companion
from benchmarks.harness.schedule import Pool, flood
from benchmarks.measures.delivery import DeliveryFailed
from benchmarks.report.book import (
    ASKED_P50,
    ASKED_PER_CPU,
    BATCHED_PER_CPU,
    IDLE_SOCKET,
    PUSHES,
    RELAY_BURST_COST,
    RELAY_COST,
)
from benchmarks.rivals.bare_flask import BareFlask
from benchmarks.rivals.base import Server
from benchmarks.rivals.hub import MeasuredHub
from tests.support import usage
from tests.support.websocket import Client

WARM_UP_SECONDS = 0.5
ROUNDS_PER_REPETITION = 2
BATCH = 1_000
BATCHES = 20
QUESTIONS = 400
RELAYED_FRAMES, RELAY_PAUSE = 5_000, 0.0001
WARM_UP_SOCKETS = 200
SETTLE_SECONDS = 2
JSON = {"Content-Type": "application/json"}


@contextmanager
def bot(bench: Bench, hub: Server, name: str, answers: int = 0, pause: float = 0) -> Iterator[None]:
    """A program on the client's core, connected under this name."""
    argv = [
        sys.executable,
        "-m",
        "benchmarks.harness.bot",
        str(hub.port),
        name,
        str(answers),
        str(pause),
    ]
    process = Companion(f"bot-{name}", argv, core=bench.cores.client, cwd=ROOT)
    try:
        if process.hear() != "ready":
            raise DeliveryFailed(f"{name} could not connect")
        yield
    finally:
        process.stop(patience=STOP_SECONDS)


def envelope(user_id: str, **more: object) -> dict[str, object]:
    return {"user_id": user_id, "data": {"message": "x" * 100, "t": 0}, **more}


def push(bench: Bench) -> None:
    """`POST /sse/push` against a bare view that is sent the same, in turn, so that noise hits both."""
    hub, bare = MeasuredHub(), BareFlask()
    body = json.dumps(envelope("reader")).encode()
    with bench.running(hub), bench.running(bare), bot(bench, hub, "reader"):
        asked = ((hub, request("POST", "/sse/push", body, JSON)), (bare, bare.publish(body)))
        for server, wire in asked:
            flooded(bench, server, wire, WARM_UP_SECONDS)
        for _ in range(ROUNDS_PER_REPETITION * bench.sizes.repetitions):
            for server, wire in asked:
                bench.book.add(server.key, PUSHES, flooded(bench, server, wire, bench.sizes.flood_seconds))
        batches(bench, hub)


def flooded(bench: Bench, server: Server, wire: bytes, seconds: float) -> float:
    """Requests a second, on keep-alive connections."""
    with Pool(server.port, bench.sizes.flood_connections) as pool:
        outcome = flood(pool, repeat(wire), seconds=seconds)
    if outcome.bad:
        raise DeliveryFailed(f"{server.label}: {outcome.bad} requests failed, {outcome.good} did not")
    return outcome.per_second


def batches(bench: Bench, hub: Server) -> None:
    """Messages by CPU second of the hub, a thousand in each request."""
    wire = request("POST", "/sse/push/batch", json.dumps([envelope("reader")] * BATCH).encode(), JSON)
    with HttpConnection(hub.port) as connection:
        for _ in range(bench.sizes.repetitions):
            before = usage.cpu_ns(hub.pids())
            for _ in range(BATCHES):
                results = json.loads(connection.ask(wire).body)["results"]
                if not all(result["success"] for result in results):
                    raise DeliveryFailed("not every message of a batch was delivered")
            spent = (usage.cpu_ns(hub.pids()) - before) / 1e9
            bench.book.add(hub.key, BATCHED_PER_CPU, BATCH * BATCHES / spent)


def ask(bench: Bench) -> None:
    """`POST /sse/send` to a bot that replies once, one request after the other, each on a new connection."""
    hub = MeasuredHub()
    with bench.running(hub), bot(bench, hub, "bot", answers=1):
        questions(hub, QUESTIONS // 4)
        for _ in range(bench.sizes.repetitions):
            before = usage.cpu_ns(hub.pids())
            seconds = sorted(questions(hub, QUESTIONS))
            spent = (usage.cpu_ns(hub.pids()) - before) / 1e9
            bench.book.add(hub.key, ASKED_P50, 1000 * seconds[len(seconds) // 2])
            bench.book.add(hub.key, ASKED_PER_CPU, QUESTIONS / spent)


def questions(hub: Server, times: int, frames: int = 1, name: str = "bot") -> list[float]:
    """Seconds from each request to the end of its reply, which has `frames` frames."""
    body = json.dumps(envelope(name)).encode()
    wire = request("POST", "/sse/send", body, JSON)
    taken = []
    for _ in range(times):
        began = time.monotonic()
        with HttpConnection(hub.port) as connection:
            answer = connection.ask(wire)
        taken.append(time.monotonic() - began)
        if answer.body.count(b'"part"') != frames:
            raise DeliveryFailed(f"not answered: {answer.body[-80:]!r}")
    return taken


def relay(bench: Bench) -> None:
    """Frames of one reply, thousands a second: CPU from socket to reader. Each is sent by itself; then all
    as fast as the bot can."""
    hub = MeasuredHub()
    with bench.running(hub):
        for measure, pause in ((RELAY_COST, RELAY_PAUSE), (RELAY_BURST_COST, 0)):
            with bot(bench, hub, measure.key, answers=RELAYED_FRAMES, pause=pause):
                for _ in range(bench.sizes.repetitions):
                    before = usage.cpu_ns(hub.pids())
                    questions(hub, 1, RELAYED_FRAMES, measure.key)
                    spent = usage.cpu_ns(hub.pids()) - before
                    bench.book.add(hub.key, measure, spent / 1000 / RELAYED_FRAMES)


def idle(bench: Bench) -> None:
    """The memory of a connected socket that is idle."""
    hub, names = MeasuredHub(), (f"user-{number}" for number in count())
    sockets: list[Client] = []
    with bench.running(hub):
        try:
            warm = [connected(hub, next(names)) for _ in range(WARM_UP_SOCKETS)]
            for one in warm:
                one.close()
            time.sleep(SETTLE_SECONDS)
            before = usage.pss_bytes(hub.pids())
            for _ in range(bench.sizes.sockets):
                sockets.append(connected(hub, next(names)))
            time.sleep(SETTLE_SECONDS)
            grown = usage.pss_bytes(hub.pids()) - before
            bench.book.add(hub.key, IDLE_SOCKET, grown / 1024 / len(sockets))
        finally:
            for one in sockets:
                one.close()


def connected(hub: Server, user_id: str) -> Client:
    return Client.connect(hub.port, f"/ws?user_id={user_id}", timeout=30)
