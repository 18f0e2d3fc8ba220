"""SIGSTOP for 20 seconds: the process is there and keeps its connections, and nothing of it runs."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

import gevent
import pytest

from tests.faults.table import Outcome
from tests.faults.watch import Line, Messages, Readiness, total
from tests.support.eventsource import EventSource
from tests.support.fixtures import StartStage
from tests.support.gateway import GatewayStage
from tests.support.inbox import CLIENT
from tests.support.publisher import Publisher, assert_complete
from tests.support.wait import wait_until
from tests.support.wsclient import echo, silent

FROZEN_SECONDS, LEASE_SECONDS, PAUSE = 20, 6, 0.05


@pytest.mark.fault("A worker is frozen for 20 s (SIGSTOP)")
def test_a_frozen_worker(start_pair: StartStage, outcome: Outcome) -> None:
    stage = start_pair(PRESENCE_LEASE_SECONDS=str(LEASE_SECONDS), **CLIENT)
    hub = stage.hub
    frozen, other = hub.worker_pids()
    sources = stage.open_on_both(12, each=4)
    deaf = hub.streams_of(sources, frozen)
    unharmed = [source for source in sources if source not in deaf]
    publisher = Publisher(hub, stage.constellation, stage.token, "p", other, pause=PAUSE)
    line = Line(hub, other)
    with closing(GatewayStage(hub)) as gateway, Messages(hub) as messages, Readiness(hub) as readiness:
        alice, first = gateway.join("Alice", silent, worker=frozen)
        _, his_socket = gateway.join("Bob", echo, worker=other)
        publishing = gevent.spawn(publisher.publish, int(1.2 * FROZEN_SECONDS / PAUSE))
        wait_until(lambda: len(publisher.acknowledged) > 10, 10, "publishing under way")

        os.kill(frozen, signal.SIGSTOP)
        stopped_at = time.monotonic()
        heard = {source: len(source.messages) for source in deaf}
        longest = follow(unharmed, publisher, line, until=stopped_at + LEASE_SECONDS + 1)
        second = gateway.connect(alice, silent, worker=other)
        longest = max(longest, follow(unharmed, publisher, line, until=stopped_at + FROZEN_SECONDS))
        assert all(len(source.messages) <= heard[source] + 2 for source in deaf)
        silence = line.numbers()["hub_worker_silence_seconds",]
        assert second.is_open
        os.kill(frozen, signal.SIGCONT)
        thawed_at = time.monotonic()

        for source in deaf:
            source.wait_for_messages(len(publisher.acknowledged), timeout=10)
        caught_up = time.monotonic() - thawed_at
        code, reason = first.wait_closed(LEASE_SECONDS)
        assert second.is_open and hub.worker_pids() == [frozen, other]
        publishing.get(timeout=60)
        for source in sources:
            source.wait_for_messages(len(publisher.acknowledged), timeout=10)
            assert_complete(source, [publisher])
        assert {source.attempts for source in sources} == {1}
        assert not publisher.repeated
        wait_until(
            lambda: gateway.push(alice, n=1).json()["status"] == "success", 10, "one owner of the name"
        )
        second.wait_frames(1)
        assert his_socket.is_open
        kept = messages.wait_arrived(30)
        late = [answer for answer in readiness.answers if answer[1] == 503]
        assert all(set(answer[2].split(", ")) <= {"listener", "canary"} for answer in late), late
    wait_until(
        lambda: total(line.numbers(), "hub_worker_silence_seconds") < 5, 10, "the worker to tell again"
    )

    outcome.clients(
        f"the {len(unharmed)} streams of the other worker get every event (within {longest:.1f} s); the"
        f" {len(deaf)} of the frozen one stay open, silent, and have everything {caught_up:.1f} s after the"
        " thaw. New connections that the kernel gives to the frozen worker wait, and a caller that gives up"
        f" and asks again succeeds (the longest call {messages.longest:.0f} s). A name whose lease ended"
        f" ({LEASE_SECONDS} s here) can be taken on the other worker; the old socket is closed then: {code}"
        f" {reason}"
    )
    outcome.ready(
        f"200 from the other worker; no answer within 5 s from the frozen one ({readiness.count(0)} of"
        f" {len(readiness.answers)} asked), and after the thaw 503 (listener, canary) for"
        f" {readiness.span(503):.1f} s. gunicorn would kill it after 60 s"
    )
    outcome.metrics(f"`hub_worker_silence_seconds` {silence:.0f}, under 5 after the thaw")
    outcome.kept(
        f"{len(publisher.acknowledged)} notifications on all {len(sources)} streams in order, none twice, no"
        f" reconnect; {kept} messages, all there; one owner of the name"
    )


def follow(sources: list[EventSource], publisher: Publisher, line: Line, until: float) -> float:
    """The longest that what was acknowledged took to all of these streams, in seconds."""
    longest = 0.0
    while (began := time.monotonic()) < until:
        published = len(publisher.acknowledged)
        for source in sources:
            source.wait_for_messages(published)
        longest = max(longest, time.monotonic() - began)
        assert line.ready() == 200
        gevent.sleep(0.2)
    return longest
