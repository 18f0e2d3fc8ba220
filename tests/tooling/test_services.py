"""The servers of the tests' own: they start, stop, come back, and end with us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest
import redis

from tests.support.process import Child, free_port
from tests.support.services import PostgresServer, RedisServer
from tests.support.wait import wait_until


def test_redis_answers_and_forgets(own_redis: RedisServer) -> None:
    own_redis.client().set("a", 1)
    own_redis.restart_empty()
    assert own_redis.client().get("a") is None


def test_redis_stops_and_comes_back_on_its_port(own_redis: RedisServer) -> None:
    own_redis.stop()
    with pytest.raises(redis.ConnectionError):
        own_redis.client().ping()
    own_redis.start()
    assert own_redis.client().ping()


def test_redis_pauses(own_redis: RedisServer) -> None:
    patient = redis.Redis.from_url(own_redis.url, socket_timeout=5)
    hasty = redis.Redis.from_url(own_redis.url, socket_timeout=2, retry=None)
    hasty.ping()
    own_redis.pause()
    with pytest.raises(redis.TimeoutError):
        hasty.ping()
    own_redis.resume()
    assert patient.ping()


def test_redis_kills_clients(own_redis: RedisServer) -> None:
    client, listener = own_redis.client(), own_redis.client().pubsub()  # type: ignore[no-untyped-call]
    before = client.client_id()
    listener.subscribe("news")
    assert listener.get_message(timeout=5)
    assert own_redis.kill_clients() == 2
    assert client.client_id() != before  # the pool had to connect again


def test_redis_url_is_empty_each_time(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    assert client.dbsize() == 0
    client.set("left", "behind")


test_redis_url_is_empty_again = test_redis_url_is_empty_each_time


def test_postgres_keeps_its_data_over_a_restart(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database()
    with psycopg2.connect(url) as connection:
        connection.cursor().execute("CREATE TABLE t AS SELECT 1 AS a")
    own_postgres.restart()
    with pytest.raises(psycopg2.InterfaceError), connection:
        connection.cursor().execute("SELECT 1")
    with psycopg2.connect(url) as again, again.cursor() as cursor:
        cursor.execute("SELECT a FROM t")
        assert cursor.fetchone() == (1,)
    assert own_postgres.kill_clients() >= 1
    own_postgres.stop()
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(url)


def test_postgres_url_names_a_new_database(postgres_url: str) -> None:
    with psycopg2.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchone() == (0,)


def test_child_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    child = Child(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], tmp_path / "log")
    wait_until(lambda: "ready" in child.tail(), what="the trap")
    assert child.stop(patience=0.2) == -signal.SIGKILL


def test_children_end_with_the_tests(tmp_path: Path) -> None:
    """Also when those are killed, so that no atexit runs."""
    code = (
        "import os, pathlib, signal, sys; from tests.support.process import Child;"
        "child = Child(['sleep', '60'], pathlib.Path(sys.argv[1]));"
        "print(child.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    argv = [sys.executable, "-c", code, str(tmp_path / "log")]
    pid = int(subprocess.run(argv, cwd=root, stdout=subprocess.PIPE, check=False).stdout)
    wait_until(lambda: not _is_alive(pid), what=f"the end of {pid}")


def test_free_ports_differ() -> None:
    assert len({free_port() for _ in range(50)}) == 50


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
