"""Presence between workers: leases in Redis, kept by scripts that go by Redis's own clock.

Keys: `<prefix>:{<kind>}:ends`, a sorted set of names by the end of their lease; `…:holders`, a hash of
name → `<worker> <connection>`; and for each worker `…:turn:<id>`, the number of its last call. The braces
are a hash tag (Redis Cluster specification): one script touches them all.

A worker that died frees its names when their leases expire: from then on every script treats them as free,
and `claim.lua` sweeps them away (at the latest `KEY_SECONDS` do).
"""

import secrets
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import TypeVar

from app.realtime.broker.store import Script, Store
from app.realtime.presence.base import Holder, Lease, Presence

KEY_SECONDS = 24 * 3600
BATCH_NAMES = 500  # of one script, so that other commands do not wait long for it

_FOLDER = Path(__file__).parent

T = TypeVar("T")


class RedisPresence(Presence):
    def __init__(self, store: Store, prefix: str, lease_seconds: float, kind: str) -> None:
        super().__init__(lease_seconds)
        self._lease = (round(lease_seconds * 1000), KEY_SECONDS)
        self._prefix = f"{prefix}:{{{kind}}}"
        self._numbers = count(1)
        self._store = store
        self._claim = _script("clock", "turn", "claim")
        self._renew = _script("clock", "turn", "renew")
        self._release = _script("clock", "turn", "release")
        self._find = _script("clock", "find")
        self._count = _script("clock", "count")
        self._names = _script("clock", "names")
        store.load((self._claim, self._renew, self._release, self._find, self._count, self._names))

    @cached_property
    def _keys(self) -> tuple[bytes, ...]:
        """Made when they are needed first, which is after the fork."""
        names = ("ends", "holders", f"turn:{secrets.token_hex(8)}")
        return tuple(f"{self._prefix}:{name}".encode() for name in names)

    def claim(self, name: str, holder: Holder) -> bool:
        return bool(self._write(self._claim, [(_encode(name), _pack(holder), *self._lease)])[0])

    def renew(self, leases: Sequence[Lease]) -> list[bool]:
        answers = self._write(self._renew, [(*self._lease, *_flatten(part)) for part in _parts(leases)])
        return [bool(verdict) for answer in answers for verdict in answer]

    def release(self, leases: Sequence[Lease]) -> None:
        self._write(self._release, [_flatten(part) for part in _parts(leases)])

    def find(self, names: Sequence[str]) -> list[Holder | None]:
        answers = self._read(self._find, [tuple(map(_encode, part)) for part in _parts(names)])
        return [_unpack(found) for answer in answers for found in answer]

    def count(self) -> int:
        return int(self._read(self._count, [()])[0])

    def names(self, most: int) -> list[str]:
        return [_decode(name) for name in self._read(self._names, [(most,)])[0]]

    def _write(self, script: Script, calls: Sequence[Sequence[bytes | int]]) -> list:  # type: ignore[type-arg]
        """Carried out twice they do what they do once, so a lost connection leads to a second attempt."""
        numbered = [(script, self._keys, (next(self._numbers), *call)) for call in calls]
        return self._store.run_all(numbered, is_repeatable=True)

    def _read(self, script: Script, calls: Sequence[Sequence[bytes | int]]) -> list:  # type: ignore[type-arg]
        keys = self._keys[:2]
        return self._store.run_all([(script, keys, call) for call in calls], is_repeatable=True)


def _script(*names: str) -> Script:
    return Script("".join((_FOLDER / f"{name}.lua").read_text() for name in names))


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH_NAMES] for start in range(0, len(items), BATCH_NAMES))


def _flatten(leases: Sequence[Lease]) -> tuple[bytes, ...]:
    return tuple(part for name, holder in leases for part in (_encode(name), _pack(holder)))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


def _pack(holder: Holder) -> bytes:
    return _encode(f"{holder.worker} {holder.connection}")


def _unpack(packed: bytes | None) -> Holder | None:
    if packed is None:
        return None
    worker, connection = _decode(packed).split(" ", 1)
    return Holder(worker, connection)
