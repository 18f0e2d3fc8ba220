"""Every connection to PostgreSQL is in use: somebody keeps a lock that all changes wait for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent
import psycopg2
import pytest
import requests

from tests.faults.editor import Editor, told
from tests.faults.table import Outcome
from tests.faults.watch import Messages, wait_total
from tests.support.fixtures import StartStage
from tests.support.health import wait_health
from tests.support.hub import HubProcess
from tests.support.inbox import CLIENT
from tests.support.wait import wait_until

POOL = {"DATABASE_POOL_SIZE": "2", "DATABASE_POOL_OVERFLOW": "1", "DATABASE_POOL_SECONDS": "1"}
CHANGES = 30  # at once, far more than two workers have connections


@pytest.mark.fault("PostgreSQL's pool is exhausted")
def test_an_exhausted_pool(start_pair: StartStage, postgres_url: str, outcome: Outcome) -> None:
    stage = start_pair(database_url=postgres_url, HEARTBEAT_SECONDS="1", **POOL, **CLIENT)
    hub = stage.hub
    sources = stage.open_on_both(6, each=2)
    editor = Editor(stage, patience=60)  # a change may wait as long as the lock is held
    with Messages(hub) as messages, editor:
        wait_until(lambda: len(editor.made) > 10 and len(messages.sent) > 10, 20, "work under way")
        with locked(postgres_url, "files"):
            jam = [gevent.spawn(editor.make, f"jam {number}") for number in range(CHANGES)]
            began = time.monotonic()
            said = wait_health(hub, 503)
            red = time.monotonic() - began
            assert "no free connection" in said, said
            refused, slowest = ask(stage.hub, stage.token)
            assert int(refused.headers["Retry-After"]) > 0
            assert hub.get("/health/live").status_code == 200
            beats = {source: len(source.comments) for source in sources}
            for source in sources:
                source.wait_for(lambda it: len(it.comments) > beats[it] + 1)
        released_at = time.monotonic()
        wait_health(hub, 200)
        green = time.monotonic() - released_at
        gevent.joinall(jam, timeout=60, raise_error=True)
        before = len(editor.made)
        wait_until(lambda: len(editor.made) > before + 10, 20, "work to go on")
        made, kept = editor.end(), messages.wait_arrived()
    made += [f"jam {number}" for number, one in enumerate(jam) if one.value == 201]
    assert any(one.value == 201 for one in jam)
    statuses = {one.value for one in jam} | set(editor.answers)
    assert statuses <= {201, 503}, statuses
    assert set(made) <= editor.stored()
    for source in sources:
        source.wait_for(lambda it: set(made) <= set(told(it)))
        assert source.attempts == 1
    refusals = editor.answers[503] + sum(one.value == 503 for one in jam)
    counted = wait_total(hub, refusals, "hub_http_requests_total", "POST", "/files", "503")

    outcome.clients(
        f"what needs the database is answered by 503 with `Retry-After` within {slowest:.1f} s"
        f" (`DATABASE_POOL_SECONDS` 1 here); {len(sources)} streams stay open and beat"
    )
    outcome.ready(
        f"503 `database` (no free connection) after {red:.1f} s, 200 {green:.1f} s after the release"
    )
    outcome.metrics(f'`hub_http_requests_total{{route="/files",status="503"}}` {counted}')
    outcome.kept(
        f"{len(made)} files answered by 201, those that waited for the lock included, are stored and told on"
        f" every stream; {kept} messages, all there"
    )


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Nobody else can read or write the table."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        connection.close()


def ask(hub: HubProcess, token: str) -> tuple[requests.Response, float]:
    """A refusal of something that needs another table, and the longest that one of three took."""
    times, refused = [], []
    for _ in range(3):
        began = time.monotonic()
        answer = hub.get("/constellations", token=token)
        times.append(time.monotonic() - began)
        assert answer.status_code in {200, 503}, answer.text
        refused += [answer] if answer.status_code == 503 else []
    return refused[0], max(times)
