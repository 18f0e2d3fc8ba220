"""The workers of a running hub as seen from outside: who holds which connection, by /proc alone."""

from __future__ import annotations

import http.client
import os
import signal
import time
from collections.abc import Callable
from typing import Self

from tests.support import procfs, usage
from tests.support.eventsource import EventSource
from tests.support.process import Child
from tests.support.wait import wait_until


class Workers:
    """The half of `HubProcess` that knows that there are several processes behind one port."""

    port: int
    workers: int

    @property
    def child(self) -> Child:
        raise NotImplementedError

    def worker_pids(self) -> list[int]:
        return usage.children(self.child.pid)

    def wait_ready(self, timeout: float = 90.0) -> Self:
        """Until as many workers as were asked for have each answered GET /health/live."""
        deadline = time.monotonic() + timeout
        answered: set[int] = set()

        def has_every_worker() -> bool:
            assert self.child.is_running, f"the hub ended with {self.child.exit_code}; {self.child.tail()}"
            connection = self._try_connection(max(0.5, deadline - time.monotonic()))
            if connection is not None:
                answered.add(self._holder(connection))
                connection.close()
            return len(answered & set(self.worker_pids())) >= self.workers

        wait_until(
            has_every_worker,
            timeout,
            lambda: f"answers of {self.workers} workers, {len(answered)} came; {self.child.tail()}",
            interval=0.02,
        )
        return self

    def kill_worker(self, pid: int) -> None:
        """SIGKILL: it ends at once, without `finally` and without a drain."""
        assert pid in self.worker_pids(), f"{pid} is no worker of this hub"
        os.kill(pid, signal.SIGKILL)

    def terminate_worker(self, pid: int) -> None:
        """SIGTERM: it drains, and gunicorn starts another one."""
        assert pid in self.worker_pids(), f"{pid} is no worker of this hub"
        os.kill(pid, signal.SIGTERM)

    def client_ports(self, pid: int | None = None) -> set[int]:
        """Ports of clients that a worker (or all) has open connections with, the clients' ends included."""
        pids = self.worker_pids() if pid is None else [pid]
        return set().union(*(procfs.client_ports(self.port, worker) for worker in pids))

    def held_connections(self, pid: int | None = None) -> set[int]:
        """The same, with those whose client has gone: as long as the worker has not let go of them."""
        pids = self.worker_pids() if pid is None else [pid]
        return set().union(*(procfs.held_connections(self.port, worker) for worker in pids))

    def holder_of(self, local_port: int) -> int | None:
        """The worker that holds the connection of this client port."""
        return next((pid for pid in self.worker_pids() if local_port in self.client_ports(pid)), None)

    def connection(self, pid: int | None = None, timeout: float = 15.0) -> http.client.HTTPConnection:
        """A kept-alive connection to this worker (or to any), which answers all that is sent over it."""
        deadline = time.monotonic() + timeout
        while True:
            made = self._try_connection(timeout)
            if made is not None and (pid is None or self._holder(made) == pid):
                return made
            if made is not None:
                made.close()
            if pid is not None and pid not in self.worker_pids():
                raise ConnectionError(f"worker {pid} is gone")
            assert time.monotonic() < deadline, f"no connection to worker {pid}; {self.child.tail()}"

    def open_on_every_worker(
        self, open_one: Callable[[], EventSource], count: int = 0, each: int = 1, limit: int = 200
    ) -> list[EventSource]:
        """At least `count` open streams, and at least `each` on every worker.

        The kernel decides which worker takes a connection, so it opens until all have theirs.
        """
        sources: list[EventSource] = []
        while len(sources) < count or not self._has_on_every_worker(sources, each):
            assert len(sources) < limit, f"{limit} streams, and not {each} on each of {self.worker_pids()}"
            sources.append(open_one().wait_open())
        return sources

    def streams_of(self, sources: list[EventSource], pid: int) -> list[EventSource]:
        """Those that this worker holds."""
        ports = self.client_ports(pid)
        return [source for source in sources if source.local_port in ports]

    def _has_on_every_worker(self, sources: list[EventSource], each: int) -> bool:
        return all(len(self.streams_of(sources, pid)) >= each for pid in self.worker_pids())

    def _try_connection(self, timeout: float) -> http.client.HTTPConnection | None:
        """A connection over which GET /health/live was answered."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", "/health/live")
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            return None
        assert answer.status == 200, f"GET /health/live answered {answer.status}"
        return connection

    def _holder(self, connection: http.client.HTTPConnection) -> int:
        # A server may have closed it right after the answer (no keep-alive): then no worker holds it.
        if connection.sock is None:
            return 0
        return self.holder_of(connection.sock.getsockname()[1]) or 0
