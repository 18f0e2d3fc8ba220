"""The findings of `doctor` by name."""

import json
from collections.abc import Callable
from typing import NamedTuple

from click.testing import Result

Run = Callable[..., Result]


class Found(NamedTuple):
    level: str
    seen: str
    advice: str


class Examination:
    def __init__(self, result: Result) -> None:
        self.exit_code = result.exit_code
        said = json.loads(result.stdout)
        self.is_ok: bool = said["ok"]
        self._checks = said["checks"]

    def __getitem__(self, place: str) -> Found:
        """`examination["database/migrations"]`"""
        group, _, name = place.rpartition("/")
        found = [it for it in self._checks if (it["group"], it["name"]) == (group, name)]
        assert len(found) == 1, (place, self._checks)
        return Found(found[0]["level"], found[0]["seen"], found[0]["advice"])

    def bad(self, group: str, *levels: str) -> set[str]:
        """The names of the failures in the group, or of the findings with these levels."""
        wanted = levels or ("failure",)
        return {it["name"] for it in self._checks if it["group"] == group and it["level"] in wanted}


def examine(run: Run, *arguments: object) -> Examination:
    return Examination(run("doctor", "--json", *arguments))
