"""SIGKILL: nothing of the worker runs any more, no `finally`, no goodbye."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import gevent
import pytest

from tests.faults.table import Outcome
from tests.faults.watch import Messages, Readiness, wait_total
from tests.support.burst import assert_same_for_all, run_burst
from tests.support.fixtures import StartStage
from tests.support.gateway import GatewayStage
from tests.support.inbox import CLIENT
from tests.support.wait import wait_until
from tests.support.wsclient import LOST, echo, silent

LEASE_SECONDS = 5


@pytest.mark.fault("A worker is killed (SIGKILL)")
def test_a_killed_worker(start_pair: StartStage, outcome: Outcome) -> None:
    stage = start_pair(PRESENCE_LEASE_SECONDS=str(LEASE_SECONDS), **CLIENT)
    hub = stage.hub
    victim, other = hub.worker_pids()
    sources = stage.open_on_both(20, each=5, reconnect=True)
    hit = hub.streams_of(sources, victim)
    unharmed = [source for source in sources if source not in hit]
    with closing(GatewayStage(hub)) as gateway, Messages(hub) as messages, Readiness(hub) as readiness:
        bot, its_socket = gateway.join("bot", silent, worker=victim)
        carol, her_socket = gateway.join("Carol", echo, worker=other)
        times: dict[str, float] = {}

        def kill() -> None:
            killed_at = time.monotonic()
            hub.kill_worker(victim)

            def measure(what: str, wait: Callable[[], object]) -> None:
                wait()
                times[what] = time.monotonic() - killed_at

            def come_back() -> None:
                wait_until(lambda: all(source.opened == 2 for source in hit), 20, "the readers to be back")

            def take_the_name() -> None:
                wait_until(lambda: victim not in hub.worker_pids(), 10, "the worker's end")
                gateway.wait_for_name(bot, LEASE_SECONDS + 25)

            waits = {
                "readers": come_back,
                "worker": hub.wait_ready,
                "name": take_the_name,
            }
            gevent.joinall([gevent.spawn(measure, *one) for one in waits.items()], raise_error=True)

        publishers = stage.publishers()
        run_burst(stage, publishers, 500, kill)

        assert_same_for_all(sources, publishers)
        assert all(source.named("stream.resumed") for source in hit)
        assert {source.attempts for source in unharmed} == {1}
        assert its_socket.wait_closed() == (LOST, "")
        assert her_socket.is_open and len(gateway.ask(carol).wait_over()) == 2
        kept = messages.wait_arrived()
        assert readiness.count(503) == 0
    wait_total(hub, 2, "hub_workers")
    wait_total(hub, len(sources), "hub_streams")
    resumed = wait_total(hub, len(hit), "hub_stream_verdicts_total", "resumed")

    posted_twice = sum(len(publisher.repeated) for publisher in publishers)
    outcome.clients(
        f"{len(hit)} streams of the worker break off and are back with their cursor after"
        f" {times['readers']:.1f} s; the {len(unharmed)} of the other worker notice nothing. Sockets of the"
        f" worker close with {LOST}; their names are free after {times['name']:.1f} s (leases of"
        f" {LEASE_SECONDS} s here, 30 s by default)"
    )
    outcome.ready(
        f"200 from the other worker ({readiness.count(200)} times), never 503; {readiness.count(0)}"
        f" connections are cut; the new worker answers after {times['worker']:.1f} s"
    )
    outcome.metrics(f"`hub_workers` 2 again, {resumed} verdicts `resumed`; totals do not fall")
    outcome.kept(
        f"1,000 notifications in order on all {len(sources)} streams ({posted_twice} had no answer and were"
        f" posted again); {kept} messages, all there"
    )
