"""PgBouncer before a PostgreSQL of the tests: transactions of many clients share few connections."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from tests.support.process import Child, free_port
from tests.support.services import unprivileged_user
from tests.support.wait import wait_until

SERVER_CONNECTIONS = 2


def find_pgbouncer() -> str | None:
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin:/usr/local/sbin")


class PgBouncer:
    """In transaction mode, with two connections to PostgreSQL per database."""

    def __init__(self, server_url: str) -> None:
        self.port = free_port()
        self._server = urlsplit(server_url)
        self._directory = Path(tempfile.mkdtemp(prefix="hub-pgbouncer-"))
        self._child: Child | None = None

    def url(self, database_url: str) -> str:
        """The same database, through the pooler."""
        parts = urlsplit(database_url)
        return parts._replace(netloc=f"{parts.username}@127.0.0.1:{self.port}").geturl()

    def start(self) -> PgBouncer:
        binary, user = find_pgbouncer(), unprivileged_user()
        assert binary is not None, "no pgbouncer here"
        users, settings = self._directory / "users", self._directory / "pgbouncer.ini"
        users.write_text(f'"{self._server.username}" ""\n')
        settings.write_text(
            f"[databases]\n* = host={self._server.hostname} port={self._server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\n"
            f"default_pool_size = {SERVER_CONNECTIONS}\nmax_client_conn = 300\n"
        )
        if user is not None:
            for path in (self._directory, users, settings):
                shutil.chown(path, user)
        self._child = child = Child([binary, str(settings)], self._directory / "log", user=user)
        wait_until(self._answers, 10, lambda: f"pgbouncer to answer; {child.tail()}")
        return self

    def close(self) -> None:
        if self._child is not None:
            self._child.stop()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url(self._server.geturl()), connect_timeout=5).close()
        except psycopg2.OperationalError:
            return False
        return True
