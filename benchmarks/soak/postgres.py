"""A PostgreSQL of the soak's own: one run, one cluster in a temporary folder, on a free loopback port."""

import os
import pwd
import shutil
import tempfile
import time
from pathlib import Path

import psycopg2

from benchmarks.harness.install import Missing
from benchmarks.harness.process import Process, free_port
from deploy.machine.programs import find

START_SECONDS = 60
OPTIONS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}


class Postgres:
    """It trusts everybody on loopback, and runs as `postgres` where we are root, because it refuses root."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._folder: Path | None = None
        self._process: Process | None = None

    def start(self) -> None:
        """Until it answers. Raises `Missing`."""
        user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="soak-postgres-"))
        if user is not None:
            shutil.chown(self._folder, user, pwd.getpwnam(user).pw_gid)
        data = str(self._folder / "data")
        making = [_binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"]
        initdb = Process("initdb", making, core=None, cwd=self._folder, user=user)
        try:
            initdb.wait(START_SECONDS)
        finally:
            initdb.stop()
        settings = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
        serving = [_binary("postgres"), "-D", data, "-p", str(self.port), *settings]
        self._process = Process("postgres", serving, core=None, cwd=self._folder, user=user)
        self._process.wait_for_port(self.port)
        self._wait_until_it_answers()

    def pids(self) -> list[int]:
        return [] if self._process is None else self._process.pids()

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_it_answers(self) -> None:
        """It listens a little before it is ready."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg2.connect(self.url, connect_timeout=5).close()
            except psycopg2.OperationalError as error:
                if time.monotonic() > deadline:
                    raise Missing(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.1)
            else:
                return


def _binary(name: str) -> str:
    found = find(name)
    if found is None:
        raise Missing(f"{name} is not installed (Debian's package postgresql)")
    return found
