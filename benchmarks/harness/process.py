"""A server's process: one core, one process group, one log; gone when the benchmark is."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.harness import usage
from benchmarks.harness.install import Missing, last_line
from benchmarks.harness.places import LOGS

STOP_SECONDS = 5
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _before_exec(core: int | None) -> Callable[[], None]:
    def settle() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # should the benchmark itself be killed
        if core is not None:
            os.sched_setaffinity(0, {core})

    return settle


def spawn(
    argv: Sequence[str | Path],
    *,
    core: int | None,
    log: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    piped: bool = False,
    user: str | None = None,
) -> subprocess.Popen[str]:
    """Start a program in its own process group, pinned to a core; `piped` when it takes commands; `user` when
    it is to run as somebody else."""
    pipe = subprocess.PIPE if piped else subprocess.DEVNULL
    with Path(log or os.devnull).open("ab") as out:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=pipe,
            stdout=pipe if piped else out,
            stderr=out,
            env=None if env is None else {**os.environ, **env},
            cwd=cwd,
            text=True,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else [],
            preexec_fn=_before_exec(core),  # noqa: PLW1509 - there is one thread
        )


def end(process: subprocess.Popen[str]) -> None:
    """SIGTERM to the whole group, SIGKILL to what is left of it after `STOP_SECONDS`."""
    _signal_group(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _signal_group(process.pid, signal.SIGKILL)
        process.wait()


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


class Process:
    """A running server: its process tree, and what it said last."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        core: int | None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
    ) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        self.log = LOGS / f"{name}.log"
        self.log.write_bytes(b"")
        self._process = spawn(argv, core=core, log=self.log, env=env, cwd=cwd, user=user)

    def pids(self) -> list[int]:
        return usage.tree(self._process.pid)

    def wait_for_port(self, port: int, seconds: float = 30) -> None:
        """Until something listens there. Raises `Missing` with the process's last line when it doesn't."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise Missing(f"did not start: {last_line(self.log)}")

    def wait(self, seconds: float) -> None:
        """Until it ends by itself. Raises `Missing` when it fails or takes longer."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise Missing(f"still running after {seconds:.0f} s") from error
        if code:
            raise Missing(f"failed: {last_line(self.log)}")

    def stop(self) -> None:
        end(self._process)


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
