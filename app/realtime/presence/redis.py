"""Presence between workers: leases in Redis, kept by scripts that go by Redis's own clock.

Keys: `<prefix>:{<kind>}:ends`, a sorted set of names by the end of their lease, and `…:holders`, a hash of
name → `<worker> <connection>`. The braces are a hash tag (Redis Cluster specification): one script touches
both. Names of workers that died stay until `claim.lua` sweeps them or `KEY_SECONDS` are over.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from app.realtime.broker.redis_connection import Pipeline, Script
from app.realtime.presence.base import Holder, Lease, Presence

KEY_SECONDS = 24 * 3600
BATCH_NAMES = 500  # of one script, so that nobody else waits long for it

_FOLDER = Path(__file__).parent

T = TypeVar("T")


class RedisPresence(Presence):
    def __init__(self, pipeline: Pipeline, prefix: str, lease_seconds: float, kind: str) -> None:
        super().__init__(lease_seconds)
        self._milliseconds = round(lease_seconds * 1000)
        self._keys = (f"{prefix}:{{{kind}}}:ends".encode(), f"{prefix}:{{{kind}}}:holders".encode())
        self._pipeline = pipeline
        names = ("claim", "renew", "release", "find", "count")
        scripts = [Script((_FOLDER / f"{name}.lua").read_text()) for name in names]
        self._claim, self._renew, self._release, self._find, self._count = scripts
        pipeline.load(scripts)

    def claim(self, name: str, holder: Holder) -> bool:
        arguments = (_encode(name), _pack(holder), self._milliseconds, KEY_SECONDS)
        return bool(self._ask(self._claim, [arguments])[0])

    def renew(self, leases: Sequence[Lease]) -> list[bool]:
        bounds: list[bytes | int] = [self._milliseconds, KEY_SECONDS]
        calls = [[*bounds, *_flatten(part)] for part in _parts(leases)]
        return [bool(verdict) for answer in self._ask(self._renew, calls) for verdict in answer]

    def release(self, leases: Sequence[Lease]) -> None:
        self._ask(self._release, [_flatten(part) for part in _parts(leases)])

    def find(self, names: Sequence[str]) -> list[Holder | None]:
        calls = [tuple(map(_encode, part)) for part in _parts(names)]
        return [_unpack(found) for answer in self._ask(self._find, calls) for found in answer]

    def count(self) -> int:
        return int(self._ask(self._count, [()])[0])

    def _ask(self, script: Script, calls: Sequence[Sequence[bytes | int]]) -> list:  # type: ignore[type-arg]
        """All of these may be carried out twice, so a lost connection leads to a second attempt."""
        return self._pipeline.run_all([(script, self._keys, call) for call in calls], is_repeatable=True)


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH_NAMES] for start in range(0, len(items), BATCH_NAMES))


def _flatten(leases: Sequence[Lease]) -> tuple[bytes, ...]:
    return tuple(part for name, holder in leases for part in (_encode(name), _pack(holder)))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _pack(holder: Holder) -> bytes:
    return _encode(f"{holder.worker} {holder.connection}")


def _unpack(packed: bytes | None) -> Holder | None:
    if packed is None:
        return None
    worker, connection = packed.decode("utf-8", "surrogatepass").split(" ", 1)
    return Holder(worker, connection)
