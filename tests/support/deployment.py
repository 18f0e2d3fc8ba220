"""The whole deployment on this machine: what scripts/up starts and scripts/down ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from gevent.ssl import SSLContext, create_default_context

from tests.support import usage
from tests.support.calls import Calls
from tests.support.hub import ROOT
from tests.support.process import free_port
from tests.support.wait import wait_until

SERVICES = ("postgres", "redis", "hub", "nginx")


class Deployment(Calls):
    """Its calls go through nginx over https."""

    def __init__(self) -> None:
        self.port = free_port()
        # Not pytest's folder, which the users of PostgreSQL and nginx's workers can't enter.
        self._folder = tempfile.TemporaryDirectory(prefix="hub-up-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.certificate = self.folder / "tls/certificate.pem"

    def up(self) -> str:
        """What it printed."""
        said = self._run("up", "--https", str(self.port))
        super().__init__(f"https://127.0.0.1:{self.port}", self.certificate)
        return said

    def down(self) -> str:
        return self._run("down")

    def close(self) -> None:
        """Whatever was or was not started."""
        self.down()
        self._folder.cleanup()

    @property
    def tls(self) -> SSLContext:
        return create_default_context(cafile=str(self.certificate))

    @property
    def ports(self) -> dict[str, int]:
        ports: dict[str, int] = json.loads((self.folder / "ports.json").read_text())
        return ports

    @property
    def settings(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in (self.folder / "hub.env").read_text().splitlines())

    def setting(self, name: str) -> str:
        return self.settings[name]

    def flask(self, *arguments: str) -> str:
        """What a command of the hub's own printed, with the hub's settings."""
        surroundings = {"PATH": os.environ["PATH"], "PYTHON_DOTENV_DISABLED": "1"}
        return subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *arguments],
            env=surroundings | self.settings,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            timeout=60,
            check=True,
        ).stdout.strip()

    @property
    def pids(self) -> dict[str, int]:
        """Of the services that were started, running or not."""
        files = [self.folder / f"run/{name}.pid" for name in SERVICES]
        return {file.stem: int(file.read_text().split()[0]) for file in files if file.exists()}

    def processes(self) -> list[int]:
        """The services' and those that they started."""
        return [pid for parent in self.pids.values() for pid in (parent, *usage.children(parent))]

    def log(self, name: str) -> str:
        return (self.folder / "log" / name).read_text()

    @property
    def logs(self) -> str:
        return "".join(file.read_text() for file in (self.folder / "log").iterdir())

    def stop_hub(self) -> None:
        pid = self.pids["hub"]
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not is_running(pid), 20, lambda: self.log("hub.log")[-2000:])

    def _run(self, command: str, *options: str) -> str:
        done = subprocess.run(
            [ROOT / "scripts" / command, "--state", self.folder, *options],
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout


def is_running(pid: int) -> bool:
    """A zombie, which its parent has not reaped yet, does not run."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
