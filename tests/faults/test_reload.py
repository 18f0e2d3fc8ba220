"""SIGHUP: new workers take over from the old ones while everybody works."""

from __future__ import annotations

import signal
import time

import gevent
import pytest
from gevent.event import Event

from tests.faults.editor import Editor, told
from tests.faults.table import Outcome
from tests.faults.watch import Messages, Readiness, total, wait_total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.inbox import CLIENT
from tests.support.publisher import Publisher, assert_complete
from tests.support.wait import wait_until

PAUSE = 0.02


@pytest.mark.fault("SIGHUP under load (reload)")
def test_a_reload_under_load(start_pair: StartStage, outcome: Outcome) -> None:
    stage = start_pair(**CLIENT)
    hub = stage.hub
    sources = stage.open_on_both(20, each=5, reconnect=True)
    old = hub.worker_pids()
    with Messages(hub) as messages, Editor(stage, 0.01) as editor, Readiness(hub) as readiness:
        named = [(f"p{number}", old[number % 2]) for number in range(4)]
        publishers = [
            Publisher(hub, stage.constellation, stage.token, name, pid, pause=PAUSE) for name, pid in named
        ]
        over = Event()
        publishing = [gevent.spawn(publisher.publish_until, over) for publisher in publishers]
        wait_until(lambda: len(editor.made) > 20 and len(messages.sent) > 20, 20, "work under way")

        hub.child.send_signal(signal.SIGHUP)
        began = time.monotonic()
        wait_until(lambda: not set(old) & set(hub.worker_pids()), 60, "the old workers' end")
        took = time.monotonic() - began
        before = len(editor.made)
        wait_until(lambda: len(editor.made) > before + 20, 20, "work to go on")
        over.set()
        gevent.joinall(publishing, timeout=30, raise_error=True)
        made, kept = editor.end(), messages.wait_arrived()
    assert set(editor.answers) == {201}, editor.answers
    assert not any(publisher.repeated for publisher in publishers)
    assert readiness.count(200) == len(readiness.answers), readiness.answers
    assert set(made) == editor.stored()
    stage.notify("the end")
    for source in sources:
        source.wait_for(lambda it: it.data and it.data[-1] == "the end", timeout=20)
        assert told(source) == made
        assert_complete(source, publishers)
        assert '"shutdown"' in source.named("stream.closed")[0].data
    notifications = sum(len(publisher.acknowledged) for publisher in publishers)
    wait_total(hub, 2, "hub_workers")
    found = read(hub)
    resumed = total(found, "hub_stream_verdicts_total", "resumed")
    assert total(found, "hub_streams_ended_total", "shutdown") >= len(sources)

    outcome.clients(
        f"nothing but a reconnect: the old workers serve until the new ones are ready ({took:.1f} s), then"
        f" each of {len(sources)} streams gets `stream.closed` `shutdown` and is back with its cursor. No"
        f" connection is refused or cut, no request fails ({editor.answers.total()} changes over connections"
        f" of their own, {notifications} notifications over kept-alive ones; the slowest change took"
        f" {editor.longest:.1f} s)"
    )
    outcome.ready(f"200 all the time ({readiness.count(200)} times)")
    outcome.metrics(
        f"`hub_workers` 4, then 2; {len(sources)} streams ended by `shutdown`, {resumed} verdicts `resumed`;"
        " totals do not fall"
    )
    outcome.kept(
        f"{notifications} notifications and {len(made)} changes in order on every stream, none twice; {kept}"
        " messages, all there"
    )
