"""The JavaScript of each page runs in Chromium, and prints to its console the text that the page shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.guides.conftest import DemoHub
from tests.guides.likeness import is_like
from tests.guides.terminal import ADDRESS
from tests.support.markdown import Block, Page, guides
from tests.support.process import Child, free_port
from tests.support.wait import wait_until

SCRIPTS = [
    (page, block)
    for page in guides()
    for block in page.blocks
    if block.is_run and block.language in ("js", "html")
]
DOCUMENT = (
    '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A page</title>'
    '<script type="module">\n{}</script>'
)
SECONDS = 60


class Site:
    """Serves pages from another origin on the same machine, like pages under development."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self._folder, self.url = folder, f"http://127.0.0.1:{port}"
        argv = [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
        log = folder / "site.log"
        self._child = Child(argv, log, cwd=folder)
        wait_until(lambda: "Serving HTTP" in log.read_text(), 10, self._child.tail)

    def put(self, document: str) -> str:
        (self._folder / "page.html").write_text(document)
        return f"{self.url}/page.html"

    def stop(self) -> None:
        self._child.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"))
    yield site
    site.stop()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("page", "block"), SCRIPTS, ids=[str(block) for _, block in SCRIPTS])
def test_a_script_in_a_browser(page: Page, block: Block, tab: Tab, site: Site, demo: DemoHub) -> None:
    shown = page.shown_after(block)
    assert shown is not None, f"{block} needs a `text` block with what the console shows"
    code = block.text.replace(ADDRESS, f"127.0.0.1:{demo.port}")
    printed: list[str] = []
    tab.on("console", lambda message: printed.append(message.text))
    tab.on("pageerror", lambda error: printed.append(f"uncaught: {error}"))
    tab.goto(site.put(code if block.language == "html" else DOCUMENT.format(code)))

    def is_shown() -> bool:
        tab.evaluate("1")  # lets Playwright process events
        return is_like(shown.text, "\n".join(printed))

    wait_until(is_shown, SECONDS, lambda: f"{block} printed\n" + "\n".join(printed) + f"\n{shown}")
