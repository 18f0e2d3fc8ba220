"""The load client (`c/load.c`) as an object: opens streams, counts events, tells latencies."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.harness.install import compiled
from benchmarks.harness.places import cache
from benchmarks.harness.process import STOP_SECONDS, Companion


@dataclass(frozen=True)
class Opened:
    """The result of opening streams."""

    live: int
    refused: int
    silent: int
    seconds: float

    @property
    def failed(self) -> int:
        return self.refused + self.silent


@dataclass(frozen=True)
class Report:
    """What reached the streams since the last reset. Latencies are from publishing to reading, in ms."""

    events: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    closed: int


class Load:
    """A load client on a core of its own; use it as a context."""

    def __init__(
        self, port: int, path: str | Sequence[str], headers: Mapping[str, str], *, core: int | None
    ) -> None:
        where = path if isinstance(path, str) else f"@{_listed(path)}"
        lines = [f"{name}: {value}" for name, value in headers.items()]
        argv: list[str | Path] = [compiled("load"), "127.0.0.1", str(port), where, *lines]
        self._process = Companion("load", argv, core=core)

    def open(self, streams: int) -> Opened:
        said = self._tell(f"open {streams}")
        return Opened(said["live"], said["refused"], said["silent"], said["seconds"])

    def close(self, streams: int) -> None:
        self._tell(f"close {streams}")

    def reset(self) -> None:
        self._tell("reset")

    def wait(self, events: int, seconds: float) -> Report:
        """Until that many events have come since the reset, or the time is over."""
        said = self._tell(f"await {events} {int(seconds * 1000)}")
        return Report(*(said[key] for key in ("events", "seconds", "p50_ms", "p99_ms", "max_ms", "closed")))

    def yield_to_others(self) -> None:
        """Lowest priority: a client that shares this core is then delayed by the server only."""
        os.setpriority(os.PRIO_PROCESS, self._process.pid, 19)

    def _tell(self, command: str) -> dict[str, Any]:
        self._process.tell(command)
        answer = self._process.hear()
        if not answer:
            raise RuntimeError(f"the load client ended at `{command}` (see {self._process.log})")
        said: dict[str, Any] = json.loads(answer)
        return said

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop(patience=STOP_SECONDS)


def _listed(paths: Sequence[str]) -> Path:
    listing = cache("run") / "paths.txt"
    listing.write_text("\n".join(paths) + "\n")
    return listing
