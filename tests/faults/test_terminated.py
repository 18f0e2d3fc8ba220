"""SIGTERM while everybody works, as a supervisor sends it; then the hub is started again."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import closing

import gevent
import pytest
from gevent.event import Event

from tests.faults.editor import Editor, told
from tests.faults.table import Outcome
from tests.faults.watch import Messages, Readiness, total
from tests.support.burst import assert_same_for_all
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.gateway import GatewayStage
from tests.support.hub import GRACE_SECONDS, HubProcess
from tests.support.inbox import CLIENT
from tests.support.stage import Stage
from tests.support.wait import wait_until
from tests.support.wsclient import silent


@pytest.mark.fault("SIGTERM under load")
def test_sigterm_under_load(start_pair: StartStage, outcome: Outcome) -> None:
    stage = start_pair(**CLIENT)
    hub = stage.hub
    sources = stage.open_on_both(20, each=5, reconnect=True)
    with closing(GatewayStage(hub)) as gateway, Messages(hub) as messages, Editor(stage) as editor:
        _, its_socket = gateway.join("bot", silent)
        publishers = stage.publishers()
        over = Event()
        publishing = [gevent.spawn(publisher.publish_until, over) for publisher in publishers]
        wait_until(lambda: all(len(it.acknowledged) > 50 for it in publishers), 20, "work under way")
        wait_until(lambda: len(editor.made) > 10 and len(messages.sent) > 10, 20, "work under way")
        upload = Upload(stage)

        with Readiness(hub) as readiness:
            began = time.monotonic()
            hub.child.send_signal(signal.SIGTERM)
            for source in sources:
                source.wait_for_event("stream.closed")
            told_after = time.monotonic() - began
            assert upload.finish() == 201
            code = hub.wait_exit()
            took = time.monotonic() - began
        assert (code, its_socket.wait_closed()) == (0, (1001, "Server shutdown"))
        assert took < 3 * GRACE_SECONDS  # on a busy machine Python itself takes seconds to end
        assert readiness.count(503) == 0
        hub.spawn()
        hub.wait_ready()

        over.set()
        gevent.joinall(publishing, timeout=120, raise_error=True)
        made, kept = editor.end(), messages.wait_arrived()
    stage.notify("the end")
    assert_same_for_all(sources, publishers)
    for source in sources:
        assert '"shutdown"' in source.named("stream.closed")[0].data
        assert {*made, Upload.NAME} <= set(told(source))
    assert set(editor.answers) <= {201, 0}
    assert {*made, Upload.NAME} <= editor.stored()
    resumed = wait_until(lambda: verdicts(hub, len(sources)), 10, "the numbers of both workers")
    notifications = sum(len(publisher.acknowledged) for publisher in publishers)
    repeated = sum(len(publisher.repeated) for publisher in publishers)

    outcome.clients(
        f"all {len(sources)} streams get `stream.closed` `shutdown` within {told_after:.1f} s, sockets close"
        " with 1001; a request whose body was half there is answered; exit code 0 after"
        f" {took:.1f} s (the grace is {GRACE_SECONDS} s). {repeated + editor.answers[0]} requests found"
        " nobody until the next start; then all streams are back with their cursor"
    )
    outcome.ready(f"200 ({readiness.count(200)} times) until connections are refused; never 503")
    outcome.metrics(f"counters begin anew with the new server; {resumed} verdicts `resumed`")
    outcome.kept(
        f"{notifications} notifications in order on every stream, {len(made) + 1} files stored and told,"
        f" {kept} messages, all there, after the next start"
    )


class Upload:
    """A new file, of which half has arrived."""

    NAME = "half of it.md"

    def __init__(self, stage: Stage) -> None:
        folder = stage.hub.root_folder(stage.constellation, stage.token)
        body = json.dumps({"name": self.NAME, "content": "x" * 1000, "folder_uuid": folder}).encode()
        head = (
            f"POST /files HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {stage.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket = socket.create_connection(("127.0.0.1", stage.hub.port), timeout=15)
        self._socket.sendall(head.encode() + body[:500])
        self._rest = body[500:]
        port = self._socket.getsockname()[1]
        wait_until(lambda: stage.hub.holder_of(port), what="the request to be under way")

    def finish(self) -> int:
        """The status of the answer."""
        self._socket.sendall(self._rest)
        with self._socket.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def verdicts(hub: HubProcess, least: int) -> int:
    """How many streams resumed; 0 as long as these are fewer than `least`."""
    resumed = total(read(hub), "hub_stream_verdicts_total", "resumed")
    return resumed if resumed >= least else 0
