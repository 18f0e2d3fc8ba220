"""better-sse on Node: one channel, its sessions on node's own HTTP server."""

import json
import shutil

from benchmarks.harness.install import program, run
from benchmarks.harness.places import BENCHMARKS, cache
from benchmarks.rivals.base import Command, Server

VERSION = "0.16.1"
SOURCE = BENCHMARKS / "rivals" / "apps" / "better_sse.mjs"


class BetterSse(Server):
    key = "better-sse"
    label = "better-sse (Node)"

    def prepare(self) -> None:
        program("node")
        home = cache(self.key)
        shutil.copy(SOURCE, home)
        installed = home / "node_modules" / "better-sse" / "package.json"
        if installed.exists() and json.loads(installed.read_text())["version"] == VERSION:
            return
        (home / "package.json").write_text('{"private": true}\n')
        run(
            [program("npm"), "install", "--no-audit", "--no-fund", f"better-sse@{VERSION}"],
            cwd=home,
            seconds=180,
        )

    def command(self, port: int) -> Command:
        home = cache(self.key)
        return Command(
            [program("node"), home / SOURCE.name, str(port)], env={"NODE_ENV": "production"}, cwd=home
        )
