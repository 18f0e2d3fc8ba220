"""A plugin for pytest processes that run one suite together: each takes the next file that no other has.

`--shared-queue=FOLDER` is given to each of them. To take a file of tests is to create a file in that folder,
in which one process alone succeeds. The slowest come first, so that all processes end at about the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

SLOWEST = Path(__file__).resolve().parents[1] / "slowest.txt"
# Folders whose tests share what takes long to set up: one process runs all of such a folder.
TOGETHER = ("tests/clients/",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shared-queue", type=Path, help="a folder that processes with this option share")


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Coverage waits meanwhile: every process collects all files, and twice as fast without it. What the
    application is made of was imported before, by tests/conftest.py."""
    plugin = session.config.pluginmanager.getplugin("_cov")
    controller = None if plugin is None else plugin.cov_controller
    if controller is not None:
        controller.pause()
    result = yield
    if controller is not None:
        controller.resume()
    return result


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """In place of pytest's own loop, which runs all that was collected."""
    folder: Path | None = session.config.getoption("shared_queue")
    if folder is None or session.testsfailed or session.config.option.collectonly:
        return None
    for items in take_units(folder, session.items):
        run(session, items)
    return True


def take_units(folder: Path, items: list[pytest.Item]) -> Iterator[list[pytest.Item]]:
    """The tests of each unit that this process takes."""
    units: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        units[unit_of(item.nodeid)].append(item)
    ranks = {unit_of(name): -rank for rank, name in enumerate(reversed(slowest()), 1)}
    for name in sorted(units, key=lambda name: ranks.get(name, 0)):
        if is_first(folder / name.replace("/", " ")):
            yield units[name]


def unit_of(nodeid: str) -> str:
    """What is taken as a whole: a file, or a folder of TOGETHER."""
    path = nodeid.partition("::")[0]
    return next((folder for folder in TOGETHER if path.startswith(folder)), path)


def slowest() -> list[str]:
    lines = SLOWEST.read_text().splitlines() if SLOWEST.exists() else []
    return [line for line in lines if not line.startswith("#")]


def is_first(claim: Path) -> bool:
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def run(session: pytest.Session, items: list[pytest.Item]) -> None:
    # After the last one all fixtures end but the session's: the next file may use those.
    for item, following in zip(items, [*items[1:], session], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
