"""The wall clock jumps an hour ahead, and back, and another hour back, while everybody works."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import gevent
import pytest

from tests.faults.clock import Clock, find_faketime
from tests.faults.editor import Editor, told
from tests.faults.table import Outcome
from tests.faults.watch import Readiness, total
from tests.support.calls import new_name
from tests.support.eventsource import EventSource
from tests.support.exposition import read
from tests.support.fixtures import OpenStream, StartStage
from tests.support.gateway import GatewayStage
from tests.support.hub import HubProcess
from tests.support.inbox import CLIENT, service_token, user_token
from tests.support.stage import Stage
from tests.support.usage import cpu_ns
from tests.support.wait import wait_until
from tests.support.wsclient import echo

SETTINGS = {
    "HEARTBEAT_SECONDS": "1",
    "RATELIMIT_ENABLED": "1",
    "RATELIMIT_LOGIN": "5/minute",
    "PRESENCE_LEASE_SECONDS": "3",
}


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    library = find_faketime()
    if library is None:
        pytest.skip("no libfaketime on this machine (scripts/test-services --with faketime installs it)")
    return Clock(library, tmp_path / "clock")


@pytest.mark.fault("The clock is moved")
def test_a_moved_clock(
    start_pair: StartStage, open_stream: OpenStream, clock: Clock, outcome: Outcome
) -> None:
    stage = start_pair(**SETTINGS, **CLIENT, **clock.settings)
    hub = stage.hub
    sources = stage.open_on_both(6, each=2)
    cursor = sources[0].last_event_id
    quiet = open_stream(hub.updates_url(hub.constellation(stage.token)), token=stage.token).wait_open()
    service = service_token(hub)
    inbox = open_stream(f"{hub.url}/sse?token={user_token(hub, service, 'dora')}").wait_open()
    logged_in = []
    with closing(GatewayStage(hub)) as gateway, Editor(stage, 0.1) as editor, Readiness(hub) as readiness:
        bot, its_socket = gateway.join("bot", echo)
        wait_until(lambda: len(editor.made) > 10, 20, "changes before")
        for hours in (1, 0, -1):
            clock.move(hours)
            logged_in.append(hub.login(stage.name))
            assert 0 < seconds_locked_out(hub) <= 60
            check_streams(stage, sources, quiet, f"moved to {hours:+d} h")
            assert gateway.is_connected(bot) and len(gateway.ask(bot).wait_over()) == 2
            assert check_message(hub, open_stream, f"message {hours}")
            if hours == 1:
                assert '"token_expired"' in inbox.wait_for_event("stream.closed").data
                assert hub.get("/api/user", token=service).status_code == 401
            assert busy(hub) < 0.8
        for token in logged_in:
            assert hub.get("/constellations", token=token).status_code == 200
        late = stage.open(last_event_id=cursor)
        made = editor.end()
        assert its_socket.is_open
    assert set(editor.answers) == {201}
    stage.notify("the end")
    assert quiet.attempts == 1
    for source in (*sources, late):
        source.wait_for(lambda it: it.data[-1] == "the end")
        assert told(source) == made
        assert not source.named("stream.reset")
        assert source.attempts == 1
    assert readiness.count(200) == len(readiness.answers), readiness.answers
    expired = total(read(hub), "hub_streams_ended_total", "token_expired")
    assert expired == 1

    outcome.clients(
        "an hour ahead, then an hour back, then another: streams stay open, beat and are in order; a stream"
        " ends with `token_expired` when its token does by the new time (subscriber tokens, which last an"
        " hour), service tokens are refused then; tokens made while the clock was ahead are good after it"
        " went back; who tried too many passwords waits 60 s at most; sockets keep their names"
    )
    outcome.ready(f"200 all the time ({readiness.count(200)} times)")
    outcome.metrics(f'`hub_streams_ended_total{{reason="token_expired"}}` {expired}; no worker spins')
    outcome.kept(
        f"{len(made)} changes in order on all {len(sources)} streams without a reconnect, and on one that"
        " came with a cursor from before; messages arrive"
    )


def seconds_locked_out(hub: HubProcess) -> int:
    """How long somebody has to wait who tries passwords for a name."""
    name = new_name("Mallory")
    for _ in range(20):
        answer = hub.post("/login", json={"name": name, "password": "wrong"})
        if answer.status_code == 429:
            return int(answer.headers["Retry-After"])
    raise AssertionError("nobody is locked out")


def check_streams(stage: Stage, sources: list[EventSource], quiet: EventSource, text: str) -> None:
    beats = len(quiet.comments)
    stage.notify(text)
    for source in sources:
        source.wait_for(lambda it: text in it.data)
    quiet.wait_for(lambda it: len(it.comments) > beats + 1)


def check_message(hub: HubProcess, open_stream: OpenStream, payload: str) -> bool:
    """Whether a new message reaches Dora, with new tokens."""
    service = service_token(hub)
    url = f"{hub.url}/sse?token={user_token(hub, service, 'dora')}"
    with open_stream(url).wait_open() as source:
        body = {"users": ["dora"], "payload": payload}
        assert hub.post("/api/message/notify", token=service, json=body).status_code == 202
        return bool(source.wait_for(lambda it: any(payload in text for text in it.data)))


def busy(hub: HubProcess, seconds: float = 1.0) -> float:
    """The part of a processor that the busiest worker uses."""
    before = {pid: cpu_ns([pid]) for pid in hub.worker_pids()}
    began = time.monotonic()
    gevent.sleep(seconds)
    took = time.monotonic() - began
    return max((cpu_ns([pid]) - used) / 1e9 / took for pid, used in before.items())
