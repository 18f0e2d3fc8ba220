"""One hub for all pages, started as by `make run`, with the demo's people and its bot."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.guides.terminal import Terminal
from tests.support.hub import ROOT, HubProcess
from tests.support.process import Child
from tests.support.wait import wait_until


class DemoHub(HubProcess):
    """A hub started by scripts/run, which migrates, makes the demo and serves."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.env["PATH"] = f"{Path(sys.executable).parent}:{self.env['PATH']}"

    def start(self) -> DemoHub:
        self._child = Child([str(ROOT / "scripts/run")], self._log, env=self.env, cwd=ROOT)
        return self.wait_ready(90)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoHub]:
    """The hub after `make run` and `make bot`."""
    folder = tmp_path_factory.mktemp("demo")
    hub = DemoHub(folder).start()
    log = folder / "bot.log"
    bot = Child([sys.executable, str(ROOT / "examples/echo_bot.py")], log, env={"HUB": hub.url})
    wait_until(lambda: "echo_bot is connected" in log.read_text(), 20, bot.tail)
    yield hub
    bot.stop()
    hub.stop()


@pytest.fixture
def terminal(demo: DemoHub, tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "hub", demo, Path(sys.prefix))
