"""A server's process: one core, one log in the cache; gone when the benchmark is."""

import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness.install import Missing, last_line
from benchmarks.harness.places import LOGS
from tests.support.process import Child
from tests.support.usage import tree

STOP_SECONDS = 5


class ServerProcess(Child):
    """A running server: its process tree, and its last line."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        core: int | None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        words = [str(part) for part in argv]
        super().__init__(words, new_log(name), env={**os.environ, **(env or {})}, cwd=cwd, core=core)

    def pids(self) -> list[int]:
        return tree(self.pid)

    def wait_for_port(self, port: int, seconds: float = 30) -> None:
        """Until something listens there. Raises `Missing` with the last line of its log otherwise."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.is_running:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise Missing(f"did not start: {last_line(self.log)}")

    def wait_well(self, seconds: float) -> None:
        """Until it ends by itself. Raises `Missing` when it fails or takes longer."""
        try:
            code = self.wait(seconds)
        except AssertionError as error:
            raise Missing(f"still running after {seconds:.0f} s") from error
        if code:
            raise Missing(f"failed: {last_line(self.log)}")

    def end(self) -> None:
        """SIGTERM, SIGKILL after `STOP_SECONDS`; then SIGKILL to what is left of its group."""
        self.stop(patience=STOP_SECONDS)


class Companion(Child):
    """A program beside the servers that takes commands and answers them, each in a line."""

    def __init__(
        self, name: str, argv: Sequence[str | Path], *, core: int | None, cwd: Path | None = None
    ) -> None:
        words = [str(part) for part in argv]
        super().__init__(words, new_log(name), cwd=cwd, core=core, listens=True, answers=True)


def new_log(name: str) -> Path:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    log.write_bytes(b"")
    return log
