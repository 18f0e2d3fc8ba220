"""The hub as in production: two workers, PostgreSQL and Redis of their own, on free loopback ports."""

import os
import secrets
import subprocess
import sys

from benchmarks.harness.http import HttpConnection, request
from benchmarks.harness.install import Missing
from benchmarks.harness.places import ROOT
from benchmarks.rivals.base import Command
from benchmarks.rivals.gunicorn import gunicorn
from benchmarks.rivals.hub import HubOverRedis, field_of
from tests.support.services import PostgresServer, find_postgres

COMMAND_SECONDS = 60
CLIENT_ID, CLIENT_SECRET = "soak", secrets.token_urlsafe(24)
SECRETS = {name: secrets.token_urlsafe(36) for name in ("SECRET_KEY", "JWT_SECRET_KEY")}
# Bounds that are reached in the first minutes: what still grows then is a leak.
BOUNDS = {
    "HISTORY_SIZE": "180",
    "SUBSCRIBER_BUFFER_BYTES": str(64 * 1024),
}


class SoakedHub(HubOverRedis):
    key = "soak"
    label = "this hub, soaked"

    def __init__(self) -> None:
        super().__init__()
        self._postgres = PostgresServer(settings={})  # as it comes

    def settings(self) -> dict[str, str]:
        return {
            **super().settings(),
            "APP_CONFIG": "production",
            "DATABASE_URL": self._postgres.url,
            **SECRETS,
            "CLIENT_ID": CLIENT_ID,
            "CLIENT_SECRET": CLIENT_SECRET,
            "TASK_SERVICE": "embedded",
            "RATELIMIT_ENABLED": "1",
            # The soak does not read a developer's .env.
            "FLASK_SKIP_DOTENV": "1",
            "PYTHON_DOTENV_DISABLED": "1",
            **BOUNDS,
        }

    def command(self, port: int) -> Command:
        return gunicorn("benchmarks.soak.window:app", port, self.settings())

    def start(self, port: int, core: int | None) -> None:
        if find_postgres() is None:
            raise Missing("PostgreSQL is not installed (Debian's package postgresql)")
        self._postgres.start()
        super().start(port, core)

    def stop(self) -> None:
        super().stop()
        self._postgres.close()

    def companions(self) -> dict[str, list[int]]:
        return {**super().companions(), "PostgreSQL": self._postgres.pids()}

    @property
    def database_url(self) -> str:
        return self._postgres.url

    def service_token(self) -> str:
        """Of the back end; good for five minutes."""
        body = f'{{"client_id": "{CLIENT_ID}", "client_secret": "{CLIENT_SECRET}"}}'.encode()
        wire = request("POST", "/api/auth/token", body, {"Content-Type": "application/json"})
        with HttpConnection(self.port) as connection:
            return field_of(connection.ask(wire), "access_token")

    def create_bot(self, name: str) -> str:
        """By the command line, as an operator would; its credential."""
        argv = [sys.executable, "-m", "flask", "--app", "wsgi", "bot", "create", name]
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env={**os.environ, **self.settings()},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        if done.returncode:
            raise Missing(f"bot create ended with {done.returncode}: {done.stderr[-200:]}")
        return done.stdout.split()[-1]
