"""What a run looks like from outside, every few seconds: the workers, Redis, PostgreSQL, and who is there."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg2
import redis

from benchmarks.harness.http import HttpConnection, request
from benchmarks.harness.install import Missing
from benchmarks.soak.servers import SoakedHub
from tests.support import usage

TRIES = 200

Points = list[tuple[float, float]]
"""Seconds since the beginning, and the figure."""


@dataclass
class Samples:
    """Each figure as lines of points: of each worker, or one. Memory is MB, the processor's time per cent."""

    lines: dict[str, dict[str, Points]] = field(default_factory=dict)

    def add(self, figure: str, line: str, at: float, value: float) -> None:
        self.lines.setdefault(figure, {}).setdefault(line, []).append((at, value))

    def of(self, figure: str) -> dict[str, Points]:
        return self.lines.get(figure, {})


def last(points: Points) -> float:
    return points[-1][1] if points else 0.0


DESCRIPTORS = "file descriptors"
EXTRA = "other file descriptors"  # than those of streams and sockets
GREENLETS = "greenlets"
REDIS = "Redis connections"
POSTGRES = "PostgreSQL connections"
MEMORY = "memory of a worker, MB"
STREAMS, SOCKETS = "open streams", "open sockets"
DELIVERED = "events delivered per second"
CPU = "processor, %"
REDIS_MEMORY = "memory of Redis, MB"


class Sampler:
    """Looks at a running hub; it holds one connection to each worker, to Redis and to PostgreSQL."""

    def __init__(self, hub: SoakedHub, workers: int = 2) -> None:
        self._hub = hub
        self._windows = _windows(hub.port, workers)
        self._redis = redis.Redis.from_url(hub.redis_url, single_connection_client=True)
        self._postgres = psycopg2.connect(hub.database_url, application_name="soak")
        self._postgres.autocommit = True
        self.samples = Samples()
        self._began = time.monotonic()
        self._before: dict[str, tuple[float, float]] = {}

    def begin(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def look(self) -> None:
        at, add = self.seconds, self.samples.add
        for number, window in enumerate(self._windows, start=1):
            seen, line = _see(window), f"worker {number}"
            add(DESCRIPTORS, line, at, seen["descriptors"])
            add(EXTRA, line, at, seen["descriptors"] - seen["streams"] - seen["sockets"])
            add(GREENLETS, line, at, seen["greenlets"])
            add(STREAMS, line, at, seen["streams"])
            add(SOCKETS, line, at, seen["sockets"])
            add(MEMORY, line, at, usage.pss_bytes([seen["pid"]]) / 1e6)
            self._add_rate(DELIVERED, line, seen["delivered"])
            self._add_rate(CPU, line, usage.cpu_ns([seen["pid"]]) / 1e7)
        self._look_at_stores(at)
        self._add_rate(CPU, "load", time.process_time() * 100)
        for name, pids in self._hub.companions().items():
            self._add_rate(CPU, name, usage.cpu_ns(pids) / 1e7)

    def types(self) -> list[Counter[str]]:
        """How many objects of each type there are, by worker."""
        return [Counter(_see(window, "?types=1")["types"]) for window in self._windows]

    def close(self) -> None:
        for window in self._windows:
            window.close()
        self._redis.close()
        self._postgres.close()

    def _look_at_stores(self, at: float) -> None:
        """Without the connections of this sampler."""
        self.samples.add(REDIS, "all workers", at, self._redis.info("clients")["connected_clients"] - 1)
        self.samples.add(REDIS_MEMORY, "Redis", at, self._redis.info("memory")["used_memory"] / 1e6)
        with self._postgres.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            [(connections,)] = cursor.fetchall()
        self.samples.add(POSTGRES, "all workers", at, connections)

    def _add_rate(self, figure: str, line: str, total: float) -> None:
        """Of something that only grows."""
        at = self.seconds
        before = self._before.get(figure + line)
        self._before[figure + line] = (at, total)
        if before is not None:
            self.samples.add(figure, line, at, max(0, total - before[1]) / (at - before[0]))


def _windows(port: int, workers: int) -> list[HttpConnection]:
    """A kept-alive connection to each worker, in the order of their ids; the kernel chooses, so it is tried
    until each was met."""
    found: dict[int, HttpConnection] = {}
    for _ in range(TRIES):
        connection = HttpConnection(port)
        pid = _see(connection)["pid"]
        if pid in found:
            connection.close()
        found.setdefault(pid, connection)
        if len(found) == workers:
            return [found[pid] for pid in sorted(found)]
    raise Missing(f"{len(found)} of {workers} workers answered")


def _see(window: HttpConnection, query: str = "") -> dict[str, Any]:
    answer = window.ask(request("GET", f"/soak/window{query}"))
    if not answer.is_good:
        raise Missing(f"a worker's window answered {answer.status}")
    seen: dict[str, Any] = json.loads(answer.body)
    return seen
