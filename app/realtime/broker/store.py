"""The Redis behind a broker, as others use it: presence and rate limits keep their scripts and keys there
too."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Argument = str | bytes | int | float


@dataclass(slots=True)
class Script:
    """A Lua script; it is called by its SHA-1 and loaded with every connection. With `names_server` its last
    argument is the id of the server that it runs on, which changes with every start."""

    text: str
    names_server: bool = False
    sha: str = ""

    def __post_init__(self) -> None:
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class Store(Protocol):
    """Runs scripts in the order in which they were asked for. Raises BrokerUnavailable."""

    def load(self, scripts: Sequence[Script]) -> None:
        """More scripts to load with every connection; to be called before the first one."""

    def run(
        self,
        script: Script,
        keys: Sequence[bytes],
        arguments: Sequence[Argument],
        again: Sequence[Argument] | None = None,
    ) -> Any:
        """The script's answer. With `again`, a lost connection leads to one more attempt with those."""

    def run_all(
        self, calls: Sequence[tuple[Script, Sequence[bytes], Sequence[Argument]]], is_repeatable: bool = False
    ) -> list[Any]:
        """The answers of many scripts in one round. Repeatable ones get one more attempt, as in `run`."""
