"""Starting and stopping: which settings are refused, with which messages, and how the hub ends."""

from __future__ import annotations

import json

import pytest
import requests

from tests.support.fixtures import OpenStream, StartHub, StartStage
from tests.support.hub import HubProcess
from tests.support.process import free_port
from tests.support.services import PostgresServer, RedisServer
from tests.support.wait import wait_until


def assert_refused(hub: HubProcess, *words: str) -> None:
    """The hub ends by itself with an error and one message that contains these words."""
    hub.spawn()
    assert hub.wait_exit(20) != 0
    assert "Traceback" not in hub.log, hub.log
    for word in words:
        lines = [line for line in hub.log.splitlines() if word in line]
        assert len(lines) == 1, f"{word!r} stands in {len(lines)} lines:\n{hub.log}"


def ready(hub: HubProcess, status: int, timeout: float = 10.0) -> requests.Response:
    """The response of /health/ready, as soon as it has this status."""

    def answer() -> requests.Response | None:
        response = hub.get("/health/ready")
        return response if response.status_code == status else None

    def is_there() -> list[requests.Response]:
        # A Response is false when its status is an error.
        return [response] if (response := answer()) is not None else []

    return wait_until(is_there, timeout, f"/health/ready to answer {status}")[0]


def test_two_workers_without_redis_are_refused(hub: StartHub) -> None:
    assert_refused(hub(start=False, workers=2), "REDIS_URL")


def test_production_without_secrets_is_refused(hub: StartHub) -> None:
    process = hub(start=False, APP_CONFIG="production", TASK_SERVICE="embedded")
    assert_refused(process, "JWT_SECRET_KEY")
    assert "SECRET_KEY" in process.log.replace("JWT_SECRET_KEY", "")


def test_an_unknown_configuration_is_refused(hub: StartHub) -> None:
    assert_refused(hub(start=False, APP_CONFIG="prodution"), "prodution")


def test_a_number_that_is_none_is_refused(hub: StartHub) -> None:
    assert_refused(hub(start=False, HEARTBEAT_SECONDS="often"), "HEARTBEAT_SECONDS")


def test_unreachable_redis_is_named(hub: StartHub) -> None:
    process = hub(workers=2, redis_url=f"redis://127.0.0.1:{free_port()}/0")
    answer = ready(process, 503)
    assert "broker" in answer.text.lower()
    assert answer.json()["status"] == 503
    assert process.get("/health/live").status_code == 200


def test_redis_that_comes_late_is_used(
    hub: StartHub, own_redis: RedisServer, open_stream: OpenStream
) -> None:
    own_redis.stop()
    process = hub(workers=2, redis_url=own_redis.url)
    ready(process, 503)
    own_redis.start()
    ready(process, 200)
    _, token = process.register("Alice")
    constellation = process.constellation(token)
    source = open_stream(process.updates_url(constellation), token=token)
    source.wait_for(lambda it: it.last_event_id)
    # One worker was ready; the other one may need a moment longer.
    wait_until(lambda: process.notify(constellation, token, "hello").status_code == 200, what="a publish")
    source.wait_for(lambda it: "hello" in it.data)


def test_postgres_away_is_named_and_its_return_noticed(hub: StartHub, own_postgres: PostgresServer) -> None:
    process = hub(database_url=own_postgres.create_database())
    _, token = process.register("Alice")
    ready(process, 200)
    own_postgres.stop()
    assert "database" in ready(process, 503).text.lower()
    refused = process.get("/constellations", token=token)
    assert refused.status_code == 503, refused.text
    assert "Retry-After" in refused.headers
    own_postgres.start()
    ready(process, 200)
    assert process.get("/constellations", token=token).status_code == 200


def test_unreachable_postgres_at_start_is_named(hub: StartHub) -> None:
    process = hub(start=False, database_url=f"postgresql://postgres@127.0.0.1:{free_port()}/hub")
    process.spawn()
    process.wait_ready()
    answer = ready(process, 503)
    assert "database" in answer.text.lower()
    assert "postgres@" not in answer.text


@pytest.mark.parametrize("workers", [1, 2])
def test_sigterm_tells_every_stream_and_ends_in_time(
    workers: int, hub: StartHub, open_stream: OpenStream, request: pytest.FixtureRequest
) -> None:
    redis_url = request.getfixturevalue("redis_url") if workers > 1 else None
    process = hub(workers=workers, redis_url=redis_url)
    _, token = process.register("Alice")
    url = process.updates_url(process.constellation(token))
    sources = process.open_on_every_worker(lambda: open_stream(url, token=token), 50)
    ended = process.terminate()
    for source in sources:
        assert '"shutdown"' in source.wait_for_event("stream.closed", timeout=1).data, str(source)
        source.wait_over(timeout=1)
        assert source.was_finished, str(source)
    assert ended.code == 0, process.log
    process.assert_ended_politely(ended)
    assert "Traceback" not in process.log, process.log


def test_sigterm_ends_in_time_without_redis(start_pair: StartStage, own_redis: RedisServer) -> None:
    stage = start_pair()
    sources = stage.open_on_both(4)
    own_redis.stop()
    ready(stage.hub, 503)
    ended = stage.hub.terminate()
    for source in sources:
        assert '"shutdown"' in source.wait_for_event("stream.closed", timeout=1).data, str(source)
    assert ended.code == 0, stage.hub.log
    stage.hub.assert_ended_politely(ended)


def test_sigterm_does_not_wait_for_a_stalled_reader(start_stage: StartStage) -> None:
    stage = start_stage()
    stalled = stage.open(receive_buffer=16384)
    stalled.stop_reading()
    stage.notify(*["x" * 65_000] * 12)
    ended = stage.hub.terminate()
    assert ended.code == 0, stage.hub.log
    stage.hub.assert_ended_politely(ended)


def test_sigterm_does_not_wait_for_an_idle_connection(start_stage: StartStage) -> None:
    """Browsers and proxies keep connections for their next request."""
    stage = start_stage()
    connection = stage.hub.connection()
    ended = stage.hub.terminate()
    connection.close()
    assert ended.code == 0, stage.hub.log
    stage.hub.assert_ended_politely(ended)


def test_tokens_stay_out_of_the_log(hub: StartHub, open_stream: OpenStream) -> None:
    process = hub(ACCESS_LOG="1")
    _, token = process.register("Alice")
    constellation = process.constellation(token)
    open_stream(f"{process.updates_url(constellation)}?token={token}").wait_open().close()
    process.get(f"/sse/updates/{constellation}?token={token}x")
    process.terminate()
    assert constellation in process.log
    assert token not in process.log
    assert token.rpartition(".")[2] not in process.log


def test_it_starts_again_after_a_crash(hub: StartHub, open_stream: OpenStream) -> None:
    """The only worker is killed: gunicorn starts another one, and tokens and data remain valid."""
    process = hub()
    _, token = process.register("Alice")
    constellation = process.constellation(token)
    source = open_stream(process.updates_url(constellation), token=token, reconnect=True)
    source.wait_for(lambda it: it.last_event_id)
    process.kill_worker(process.worker_pids()[0])
    # The in-process history was lost with its worker: the stream gets a reset.
    assert "history_lost" in source.wait_for_event("stream.reset", timeout=20).data
    assert process.notify(constellation, token, "again").status_code == 200
    source.wait_for(lambda it: "again" in it.data)


def test_production_logs_objects_that_name_their_request(hub: StartHub) -> None:
    process = hub(ACCESS_LOG="1", LOG_FORMAT="json", TRUSTED_PROXIES="1")
    _, token = process.register("Alice")
    process.get("/constellations?secret=1", headers={"X-Request-ID": "from-the-proxy"})
    process.terminate()
    lines = [json.loads(line) for line in process.log.splitlines() if line.startswith("{")]
    told = next(line for line in lines if line.get("path") == "/constellations")
    assert (told["method"], told["status"], told["request_id"]) == ("GET", 401, "from-the-proxy")
    assert any(line["logger"] == "gunicorn.error" for line in lines)
    registered = [line for line in lines if line["message"] == "account registered"]
    assert registered and registered[0]["request_id"]
    assert "secret=1" not in process.log and token not in process.log
