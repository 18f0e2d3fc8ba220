"""The hub as it is run: a real gunicorn in a process of its own, with a clean environment."""

from __future__ import annotations

import os
import signal
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from tests.support.calls import Calls
from tests.support.process import Child, free_port
from tests.support.workers import Workers

ROOT = Path(__file__).resolve().parents[2]
GRACE_SECONDS = 8  # gunicorn.conf.py: then it kills
EXIT = "Worker exiting"  # gunicorn writes that when one ends by itself
# What a process needs of the surroundings; settings of the hub in the developer's shell must not leak in.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


# The bytes of a migrated, empty SQLite database: migrating one takes a second, and most tests want one.
_migrated: list[bytes] = []


@dataclass(frozen=True)
class Ended:
    """`by_themselves`: how many workers were not killed for taking too long."""

    seconds: float
    code: int
    by_themselves: int


class HubProcess(Calls, Workers):
    """`start` migrates the database, starts gunicorn and returns when every worker answers.

    The database is an SQLite file in `directory` unless `database_url` names another. Keyword arguments in
    capitals are settings of the hub; one that is None is left out of the environment. `release` is where the
    code is that gunicorn runs.
    """

    def __init__(
        self,
        directory: Path,
        *,
        workers: int = 1,
        redis_url: str | None = None,
        database_url: str | None = None,
        application: str = "wsgi:app",
        release: Path = ROOT,
        **settings: str | None,
    ) -> None:
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        self.workers, self.directory, self._application = workers, directory, application
        self._release = release
        directory.mkdir(parents=True, exist_ok=True)
        chosen: dict[str, str | None] = {
            "APP_CONFIG": "development",
            "BIND": f"127.0.0.1:{self.port}",
            "WEB_CONCURRENCY": str(workers),
            "DATABASE_URL": database_url or f"sqlite:///{directory / 'hub.sqlite3'}",
            "REDIS_URL": redis_url,
            "RATELIMIT_ENABLED": "0",
            "INSTANCE_PATH": str(directory / "instance"),
            # Everything here can be run over the other way of writing too.
            "STREAM_WRITER": os.environ.get("TEST_STREAM_WRITER"),
            "PYTHONUNBUFFERED": "1",
            # The tests do not read a developer's .env.
            "FLASK_SKIP_DOTENV": "1",
            "PYTHON_DOTENV_DISABLED": "1",
        }
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        merged = kept | chosen | settings
        self.env = {name: value for name, value in merged.items() if value is not None}
        self._log = directory / "hub.log"
        self._child: Child | None = None

    def start(self) -> HubProcess:
        self.migrate()
        self.spawn()
        return self.wait_ready()

    def migrate(self) -> None:
        """Bring the database up to date; every SQLite file but the first is a copy of that one."""
        file = self.directory / "hub.sqlite3"
        is_new_file = self.env.get("DATABASE_URL") == f"sqlite:///{file}" and not file.exists()
        if is_new_file and _migrated:
            file.write_bytes(_migrated[0])
            return
        self.flask("db", "upgrade")
        if is_new_file and not Path(f"{file}-wal").exists():  # else there is more than the file
            _migrated.append(file.read_bytes())

    def flask(self, *arguments: str, timeout: float = 60.0) -> str:
        """Run a command of the application's CLI in the hub's environment; returns what it wrote."""
        log = self.directory / f"flask-{uuid.uuid4().hex[:8]}.log"
        argv = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
        child = Child(argv, log, env=self.env, cwd=ROOT)
        code = child.wait(timeout)
        assert code == 0, f"flask {' '.join(arguments)} ended with {code}; {child.tail()}"
        return log.read_text(errors="replace")

    def spawn(self) -> None:
        """Start gunicorn and return at once."""
        assert self._child is None or not self._child.is_running, "it runs already"
        argv = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", self._application]
        self._child = Child(argv, self._log, env=self.env, cwd=self._release)

    @property
    def child(self) -> Child:
        assert self._child is not None, "it was not started"
        return self._child

    @property
    def log(self) -> str:
        """All that gunicorn and its workers wrote."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def wait_exit(self, timeout: float = 30.0) -> int:
        return self.child.wait(timeout)

    def terminate(self, timeout: float = 45.0) -> Ended:
        """SIGTERM, as a supervisor sends it; how long it then took, and the exit code."""
        before, began = self.log.count(EXIT), time.monotonic()
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout)
        return Ended(time.monotonic() - began, code, self.log.count(EXIT) - before)

    def assert_ended_politely(self, ended: Ended) -> None:
        """Every worker in its time; on a busy machine Python itself takes seconds to end."""
        assert ended.by_themselves >= self.workers, self.log
        assert ended.seconds < 3 * GRACE_SECONDS, self.log

    def stop(self) -> None:
        if self._child is not None:
            self._child.stop(signal.SIGTERM, patience=15)
