"""The C floor: `c/floor.c`."""

from benchmarks.harness.install import compiled
from benchmarks.rivals.base import Command, Server


class Floor(Server):
    key = "floor"
    label = "C: a bare send() loop (the floor)"

    def prepare(self) -> None:
        compiled("floor")

    def command(self, port: int) -> Command:
        return Command([compiled("floor"), str(port)])
