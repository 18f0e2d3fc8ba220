"""`flask --app wsgi …` as a user types it: a process of its own, with the settings of a hub."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.hub import ROOT, HubProcess
from tests.support.process import Child
from tests.support.wait import wait_until

NOTHING = Path(os.devnull)


class Command:
    """A command that goes on, and what it has written so far, stdout and stderr together."""

    def __init__(self, hub: HubProcess, *arguments: str, listens: bool = False) -> None:
        self._log = hub.directory / f"command-{uuid.uuid4().hex[:8]}.log"
        self._child = Child(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            self._log,
            env=hub.env,
            cwd=ROOT,
            listens=listens,
        )

    @property
    def text(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, text: str | Callable[[str], bool], timeout: float = 60.0) -> str:
        """All it has written, once that is in it."""
        is_there = text if callable(text) else lambda written: text in written
        wait_until(lambda: is_there(self.text), timeout, lambda: f"{text!r} in {self.text!r}")
        return self.text

    def type(self, line: str) -> None:
        """On the stdin of one that `listens`."""
        self._child.tell(line)

    def interrupt(self, number: int = signal.SIGINT) -> int:
        """Ctrl-C, or another signal; its exit code."""
        self._child.send_signal(number)
        return self.wait()

    def wait(self, timeout: float = 60.0) -> int:
        return self._child.wait(timeout)

    def stop(self) -> None:
        self._child.stop()


@contextmanager
def following(hub: HubProcess, *arguments: str) -> Iterator[Command]:
    """A `watch` that has begun."""
    command = Command(hub, "watch", *arguments)
    try:
        command.wait_for("following ")
        yield command
    finally:
        command.stop()


def settings_of(hub: HubProcess) -> dict[str, str]:
    """What an application in this process needs to be the same hub's: its tokens are good there."""
    names = ("DATABASE_URL", "BIND", "REDIS_URL", "GATEWAY_AUTH", "HEARTBEAT_SECONDS", "TRUSTED_PROXIES")
    kept = Path(hub.env["INSTANCE_PATH"]) / "jwt_secret_key"
    secret = hub.env.get("JWT_SECRET_KEY") or kept.read_text()
    return {"JWT_SECRET_KEY": secret} | {name: hub.env[name] for name in names if name in hub.env}


def shell(
    hub: HubProcess, *arguments: str, file: Path = Path(os.devnull)
) -> subprocess.CompletedProcess[str]:
    """A command from its beginning to its end, with a file as its stdin."""
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    with file.open() as stdin:
        return subprocess.run(
            argv, stdin=stdin, env=hub.env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
