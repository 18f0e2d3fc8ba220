"""The contract of every server in the benchmark: prepare, start, subscribe to, publish on, stop.

A server under measure is one small file with a subclass of `Server`. `prepare` may install and compile and
raises `Missing` when it can't; then its row says why and the others go on. An object serves one run.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.harness.http import HttpConnection, request
from benchmarks.harness.install import Missing
from benchmarks.harness.process import ServerProcess
from tests.support.process import free_port

ANSWER_SECONDS = 15


@dataclass(frozen=True)
class Command:
    """How to start a server."""

    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None


class Server(ABC):
    key: ClassVar[str]
    label: ClassVar[str]
    subscribe_path: str = "/events"
    publish_path: str = "/publish"

    def __init__(self) -> None:
        self.port = 0
        self.core: int | None = None
        self._process: ServerProcess | None = None

    def prepare(self) -> None:  # noqa: B027 - most have nothing to prepare
        """Install or build what it takes. Raises `Missing`. Doing it twice costs nothing."""

    @abstractmethod
    def command(self, port: int) -> Command:
        """How to start it on this loopback port."""

    def start(self, port: int, core: int | None) -> None:
        """Start it on one core and wait until it answers. Raises `Missing` when it doesn't."""
        self.port, self.core = port, core
        command = self.command(port)
        self._process = ServerProcess(self.key, command.argv, core=core, env=command.env, cwd=command.cwd)
        self._process.wait_for_port(port)
        self.get_ready()

    def get_ready(self) -> None:
        """Until it takes an event (there is no subscriber yet). Raises `Missing` when it doesn't."""
        deadline = time.monotonic() + ANSWER_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            try:
                with HttpConnection(self.port) as connection:
                    got = connection.ask(self.publish(b'{"t":0}'))
            except OSError as error:
                answer = str(error)
            else:
                if got.is_good:
                    return
                answer = f"{got.status} {got.body[:80].decode(errors='replace')}"
            time.sleep(0.1)
        raise Missing(f"takes no event: {answer}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.end()

    def pids(self) -> list[int]:
        """Every process whose CPU time and memory are the server's."""
        return [] if self._process is None else self._process.pids()

    def companions(self) -> dict[str, list[int]]:
        """Processes that it can't do without, but which are counted apart (a broker)."""
        return {}

    @property
    def headers(self) -> Mapping[str, str]:
        """What a subscriber sends beside the usual."""
        return {}

    def publish(self, body: bytes) -> bytes:
        """The bytes of the request that publishes this event."""
        return request("POST", self.publish_path, body, {"Content-Type": "application/json"})


@contextmanager
def running(server: Server, core: int | None) -> Iterator[Server]:
    """The server, prepared and started; stopped whatever happens."""
    server.prepare()
    try:
        server.start(free_port(), core)
        yield server
    finally:
        server.stop()
