"""A Redis and a PostgreSQL of one's own: on free loopback ports, in temporary directories."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.support.process import Child, free_port
from tests.support.usage import children, tree
from tests.support.wait import wait_until

# Of a PostgreSQL whose data need not survive a crash of the machine.
HASTY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


def find_redis() -> str | None:
    """The redis-server binary."""
    return shutil.which("redis-server")


def find_postgres() -> Path | None:
    """Where PostgreSQL's server binaries are: Debian keeps them off PATH, one directory per version."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).parent
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(versions, key=lambda path: float(path.parent.name), default=None)


class RedisServer:
    """`start` and `stop` as often as needed: the port stays, the data does not."""

    def __init__(self, *options: str, core: int | None = None) -> None:
        """`core`: the only one that it runs on."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options, self._core = options, core
        self._directory = Path(tempfile.mkdtemp(prefix="hub-redis-"))
        self._child: Child | None = None

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child is not None and self._child.is_running else None

    def pids(self) -> list[int]:
        return [] if self.pid is None else tree(self.pid)

    def client(self) -> redis.Redis:
        """A client that reports the first failure instead of trying again."""
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), socket_timeout=5)

    def start(self) -> RedisServer:
        binary = find_redis()
        assert binary is not None, "no redis-server here"
        self._child = child = Child(self.argv(binary), self._directory / "log", core=self._core)
        wait_until(self._answers, 10, lambda: f"redis-server to answer; {child.tail()}")
        return self

    def argv(self, binary: str) -> list[str]:
        argv = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._directory)]
        return [*argv, "--save", "", "--appendonly", "no", "--daemonize", "no", *self._options]

    def stop(self) -> None:
        if self._child is not None:
            # Nothing is worth saving, and a client sees the same as in a crash.
            self._child.stop(signal.SIGKILL)

    def restart_empty(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Keep every connection open and answer none, as a machine in trouble does."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)

    def kill_clients(self) -> int:
        """Close every connection but the one that asks; returns how many they were."""
        with self.client() as client:
            killed = [client.execute_command("CLIENT", "KILL", "TYPE", kind) for kind in ("pubsub", "normal")]
        return sum(int(count) for count in killed)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.is_running, f"redis-server ended; {self._child.tail()}"
        try:
            with self.client() as client:
                # Its own pid: another server on the same port would answer just as well.
                return int(client.info("server")["process_id"]) == self._child.pid
        except redis.RedisError:
            return False


class PostgresServer:
    """A cluster that trusts every client on loopback; it runs as `postgres` when we are root."""

    def __init__(self, settings: Mapping[str, str] = HASTY) -> None:
        self.port = free_port()
        self.url = self._url_of("postgres")
        self._settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", **settings}
        self._user = unprivileged_user()
        self._directory = Path(tempfile.mkdtemp(prefix="hub-postgres-"))
        self._data = self._directory / "data"
        self._child: Child | None = None

    def start(self) -> PostgresServer:
        binaries = find_postgres()
        assert binaries is not None, "no PostgreSQL server here"
        if not self._data.exists():
            self._initialise(binaries)
        argv = [str(binaries / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        argv += [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        self._child = child = Child(
            argv,
            self._directory / "log",
            cwd=self._data,
            user=self._user,
            death_signal=signal.SIGQUIT,  # SIGTERM would wait for every client to leave
        )
        wait_until(self._answers, 20, lambda: f"PostgreSQL to answer; {child.tail()}")
        return self

    def pids(self) -> list[int]:
        return [] if self._child is None else tree(self._child.pid)

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(signal.SIGINT)  # "fast": clients are cut off, the data stays whole

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Keep every connection open and answer none; each connection has a process of its own."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: int) -> None:
        assert self._child is not None
        self._child.send_signal(number)
        for pid in children(self._child.pid):
            with suppress(ProcessLookupError):  # the process of a connection that just ended
                os.kill(pid, number)

    def create_database(self) -> str:
        """The url of a new, empty database."""
        return create_database(self.url)

    def kill_clients(self) -> int:
        """Close every connection but the one that asks; returns how many they were."""
        rows = _execute(
            self.url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )
        return len(rows)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _url_of(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def _initialise(self, binaries: Path) -> None:
        if self._user is not None:
            shutil.chown(self._directory, self._user)
        argv = [str(binaries / "initdb"), "-D", str(self._data), "-U", "postgres", "-A", "trust"]
        argv += ["-E", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        child = Child(argv, self._directory / "log", cwd=self._directory, user=self._user)
        assert child.wait(60) == 0, f"initdb failed; {child.tail()}"

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.is_running, f"PostgreSQL ended; {self._child.tail()}"
        try:
            return bool(_execute(self.url, "SELECT 1"))
        except psycopg2.OperationalError:
            return False


def create_database(server_url: str, template: str = "template1") -> str:
    """The url of a new database of the server on which `server_url` names an existing one.

    It is a copy of `template`, a database of that server without connections.
    """
    name = f"test_{uuid.uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def drop_database(server_url: str, url: str) -> None:
    _execute(server_url, f"DROP DATABASE IF EXISTS {urlsplit(url).path[1:]} WITH (FORCE)")


def _execute(url: str, statement: str) -> list[Any]:
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        connection.autocommit = True  # CREATE DATABASE does not run inside a transaction
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; None: it may run as the user of this process."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise AssertionError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
