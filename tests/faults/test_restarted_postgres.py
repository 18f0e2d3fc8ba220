"""PostgreSQL is stopped and started while people work."""

from __future__ import annotations

import time

import pytest

from tests.faults.editor import Editor, told
from tests.faults.table import Outcome
from tests.faults.watch import Messages, total
from tests.support.exposition import read
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.inbox import CLIENT
from tests.support.services import PostgresServer
from tests.support.wait import wait_until


@pytest.mark.fault("PostgreSQL is restarted")
def test_a_restarted_postgres(start_pair: StartStage, own_postgres: PostgresServer, outcome: Outcome) -> None:
    url = own_postgres.create_database()
    stage = start_pair(database_url=url, HEARTBEAT_SECONDS="1", **CLIENT)
    hub = stage.hub
    sources = stage.open_on_both(6, each=2)
    _, bobs_token = stage.join()
    with Messages(hub) as messages, Editor(stage) as editor:
        wait_until(lambda: len(editor.made) > 20 and len(messages.sent) > 20, 20, "work under way")

        own_postgres.stop()
        stopped_at = time.monotonic()
        said = wait_health(hub, 503)
        red = time.monotonic() - stopped_at
        assert '"failing":{"database"' in said, said
        late = stage.start_stream(token=bobs_token, reconnect=True)
        assert late.wait_for_event("stream.closed").data == '{"reason": "overloaded"}'
        beats = {source: len(source.comments) for source in sources}
        for source in sources:
            source.wait_for(lambda it: len(it.comments) > beats[it] + 1)
        wait_until(lambda: editor.answers[503] > 5, 20, "refusals")
        own_postgres.start()
        started_at = time.monotonic()
        wait_health(hub, 200)
        green = time.monotonic() - started_at

        before = len(editor.made)
        wait_until(lambda: len(editor.made) > before + 20, 20, "work to go on")
        made, kept = editor.end(), messages.wait_arrived()
        late.wait_open(2, timeout=40)
    assert set(editor.answers) <= {201, 503, 0}
    assert editor.refusal is not None and int(editor.refusal.headers["Retry-After"]) > 0
    assert set(made) <= editor.stored()
    for source in sources:
        source.wait_for(lambda it: set(made) <= set(told(it)))
        assert told(source) == sorted(told(source), key=lambda name: int(name.split()[1]))
        assert source.attempts == 1
    refused = total(read(hub), "hub_http_requests_total", "POST", "/files", "503")
    assert refused >= editor.answers[503] > 5

    outcome.clients(
        f"changes and messages are answered by 503 with `Retry-After` ({editor.answers[503]} of"
        f" {editor.answers.total()} changes; the slowest answer took {editor.longest:.1f} s);"
        f" {len(sources)} streams stay open and beat; a stream that is opened meanwhile by somebody whom no"
        " worker knows yet gets 200, `stream.closed` `overloaded` and `retry:`, and comes back by itself"
    )
    outcome.ready(
        f"503 `database` on both workers after {red:.1f} s, 200 again {green:.1f} s after the start"
    )
    outcome.metrics(f'`hub_http_requests_total{{route="/files",status="503"}}` {refused}')
    outcome.kept(
        f"{len(made)} files answered by 201 are stored and told in order on every stream; {kept} messages,"
        " all there"
    )
