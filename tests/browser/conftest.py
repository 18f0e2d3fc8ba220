"""The system's Chromium on a hub that the tests share; a tab with an error on its console fails its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.calls import new_name
from tests.support.console import Console
from tests.support.fixtures import OpenStream
from tests.support.hub import HubProcess
from tests.support.stage import Stage

OpenConsole = Callable[..., Console]
WIDE = {"width": 1280, "height": 860}


@pytest.fixture
def console(browser: Browser, shared_hub: HubProcess) -> Iterator[OpenConsole]:
    """`console(url)` → a tab with cookies of its own; `may_fail=True` where errors are part of the test."""
    made: list[tuple[Console, bool]] = []

    def open_one(url: str = shared_hub.url, may_fail: bool = False, **options: Any) -> Console:
        context = browser.new_context(**({"viewport": WIDE, "reduced_motion": "reduce"} | options))
        tab = Console(context, url)
        made.append((tab, may_fail))
        return tab

    yield open_one
    for tab, may_fail in made:
        tab.context.close()
        assert tab.dialogs == []
        assert may_fail or tab.problems == []


@pytest.fixture
def stage(shared_hub: HubProcess, open_stream: OpenStream) -> Stage:
    return Stage(shared_hub, open_stream)


@pytest.fixture(scope="session")
def operator(shared_hub: HubProcess) -> str:
    """The token of an operator's account."""
    name = new_name("Operator")
    _, token = shared_hub.register(name)
    shared_hub.flask("user", "admin", name)
    return token
