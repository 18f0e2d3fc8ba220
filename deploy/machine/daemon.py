"""A background process with a pid file; it is ended only while the pid still belongs to it."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any


class Failed(Exception):
    """The message for the user who ran the command."""


class Daemon:
    """`run/<name>.pid` holds the process id and the start time of the process, since ids are reused."""

    def __init__(self, name: str, state: Path) -> None:
        self.name = name
        self.log = state / "log" / f"{name}.log"
        self._file = state / "run" / f"{name}.pid"

    @property
    def pid(self) -> int | None:
        """The id of the process; None when it does not run."""
        try:
            pid, began = self._file.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return int(pid) if _start_time(int(pid)) == began else None

    def start(
        self, argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None, user: str | None = None
    ) -> None:
        with self.log.open("ab") as out:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=env,
                start_new_session=True,
                **as_user(user),
            )
        self._file.write_text(f"{process.pid} {_start_time(process.pid)}\n")

    def wait(self, is_ready: Callable[[], bool], seconds: float) -> None:
        """Waits until it is ready; raises Failed with the end of its log when it ends or is not ready in
        time."""
        wait_until(lambda: self.pid is None or is_ready(), seconds)
        if self.pid is None:
            raise Failed(f"{self.name} ended. {self._end_of_log()}")
        if not is_ready():
            raise Failed(f"{self.name} was not ready after {seconds:.0f} s. {self._end_of_log()}")

    def stop(self, number: int, grace: float) -> bool:
        """Ends it by this signal, after `grace` seconds by SIGKILL. Whether it ran."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)
            if not wait_until(lambda: self.pid is None, grace):
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: self.pid is None, 5)
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # the rest of its process group
        self._file.unlink(missing_ok=True)
        return pid is not None

    def _end_of_log(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join([f"{self.log} ends with:", *lines])


def as_user(name: str | None) -> dict[str, Any]:
    """Arguments for subprocess; None keeps the present user."""
    if name is None:
        return {}
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _start_time(pid: int) -> str | None:
    """Start time of the process, in clock ticks since the boot (proc(5), stat); None when it has ended."""
    try:
        # The name in brackets may hold blanks and brackets: the fields follow the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] == "Z" else fields[19]
