"""A PostgreSQL that keeps its connections open and answers nothing more."""

from __future__ import annotations

import time

import gevent

from tests.support.fixtures import OpenStream, StartHub
from tests.support.services import PostgresServer
from tests.support.wait import wait_until


def test_a_silent_postgres_does_not_hang_requests(hub: StartHub, own_postgres: PostgresServer) -> None:
    process = hub(database_url=own_postgres.create_database(), DATABASE_SECONDS="1")
    _, token = process.register("Alice")

    def show() -> int:
        return process.get("/constellations", token=token, timeout=30).status_code

    wait_until(lambda: show() == 200, 10, "the hub to answer")
    own_postgres.pause()
    try:
        began = time.monotonic()
        asking = [gevent.spawn(show) for _ in range(4)]
        gevent.joinall(asking, raise_error=True)
        assert [one.value for one in asking] == [503] * 4
        assert time.monotonic() - began < 20
        assert process.get("/health/live").status_code == 200
    finally:
        own_postgres.resume()
    wait_until(lambda: show() == 200, 15, "the hub to answer again")


def test_streams_are_told_to_come_back(
    hub: StartHub, own_postgres: PostgresServer, open_stream: OpenStream
) -> None:
    """A status other than 200 would stop an EventSource for good."""
    process = hub(database_url=own_postgres.create_database())
    _, token = process.register("Alice")
    made = process.post("/constellations", token=token, json={"name": "Shared"})
    workspace = made.json()["constellation_uuid"]
    own_postgres.stop()
    for path in (f"/sse/updates/{workspace}", f"/api/ad-concepts/{workspace}/stream"):
        source = open_stream(f"{process.url}{path}?token={token}", reconnect=True)
        assert source.wait_for_event("stream.closed").data == '{"reason": "overloaded"}'
