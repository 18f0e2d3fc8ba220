"""Child processes that can't outlive this one, and ports for them."""

from __future__ import annotations

import atexit
import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.wait import wait_until

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child may not import anything between fork and exec.
_libc = ctypes.CDLL(None, use_errno=True)
_running: set[Child] = set()
_handed_out: set[int] = set()


class Child:
    """One process that was started here: signalled only by its own id, and only while it is not reaped."""

    def __init__(
        self,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        user: str | None = None,
        death_signal: int = signal.SIGTERM,
        core: int | None = None,
        listens: bool = False,
        answers: bool = False,
    ) -> None:
        """`core`: the only one that it runs on. `listens`: it takes lines (`tell`). `answers`: its standard
        output is for `hear`, not for the log."""
        parent = os.getpid()

        def die_with_parent() -> None:
            # Runs after the change of user, which would clear it.
            _libc.prctl(_PR_SET_PDEATHSIG, death_signal)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # this process may run under nohup
            if core is not None:
                os.sched_setaffinity(0, {core})
            if os.getppid() != parent:
                os._exit(1)

        self.argv, self.log = list(argv), log
        with log.open("ab") as out:
            self._popen = subprocess.Popen(
                self.argv,
                stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
                stdout=subprocess.PIPE if answers else out,
                stderr=out,
                env=None if env is None else dict(env),
                cwd=cwd,
                preexec_fn=die_with_parent,  # noqa: PLW1509 (nothing here takes a lock)
                # A Ctrl-C at the terminal is for pytest, which then ends its children in order.
                start_new_session=True,
                user=user,
                group=None if user is None else pwd.getpwnam(user).pw_gid,
                extra_groups=None if user is None else [],
            )
        _running.add(self)

    @property
    def pid(self) -> int:
        return int(self._popen.pid)

    @property
    def exit_code(self) -> int | None:
        code: int | None = self._popen.poll()
        if code is not None:
            _running.discard(self)
        return code

    @property
    def is_running(self) -> bool:
        return self.exit_code is None

    def send_signal(self, number: int) -> None:
        if self.is_running:
            os.kill(self.pid, number)

    def tell(self, line: str) -> None:
        assert self._popen.stdin is not None, "it does not listen"
        self._popen.stdin.write(line.encode() + b"\n")
        self._popen.stdin.flush()

    def hear(self) -> str:
        """The next line that it writes; "" at its end."""
        assert self._popen.stdout is not None, "it does not answer"
        return self._popen.stdout.readline().decode().rstrip("\n")

    def wait(self, timeout: float = 10.0) -> int:
        """The exit code; AssertionError when it still runs after `timeout` seconds."""
        wait_until(lambda: not self.is_running, timeout, lambda: f"the end of {self.argv[0]}; {self.tail()}")
        code = self.exit_code
        assert code is not None
        return code

    def stop(self, number: int = signal.SIGTERM, patience: float = 10.0) -> int:
        """End it by `number`, after `patience` seconds by SIGKILL."""
        self.send_signal(number)
        self.send_signal(signal.SIGCONT)  # a paused process would not even see the signal
        try:
            return self.wait(patience)
        except AssertionError:
            self.send_signal(signal.SIGKILL)
            return self.wait()
        finally:
            self._end_descendants()

    def _end_descendants(self) -> None:
        # It leads a session and a group of its own, so every process left in that group was started by it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def tail(self, size: int = 4000) -> str:
        """The end of what it wrote."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return f"its log ends with:\n{text[-size:]}"


def free_port() -> int:
    """A loopback port that nothing holds, below the range from which the kernel gives ports to clients.

    A port of that range could be taken by any outgoing connection while its server is being restarted. For
    the same reason each of several test processes has ports of its own, TEST_PORTS (`FIRST-END`).
    """
    first, _, end = os.environ.get("TEST_PORTS", "20000-32000").partition("-")
    while True:
        port = random.randrange(int(first), int(end))
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port


@atexit.register
def _end_all() -> None:
    for child in list(_running):
        if child.is_running:
            child.send_signal(signal.SIGKILL)
            child._end_descendants()
