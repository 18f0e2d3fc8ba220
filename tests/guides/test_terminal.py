"""The shell lines and Python scripts of each page work as written, and print the text that the page shows."""

import shutil

import pytest

from tests.guides.likeness import is_like
from tests.guides.terminal import Terminal
from tests.support.markdown import Page, guides

PAGES = [page for page in guides() if page.expects("sh") or page.expects("python")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_in_a_terminal(page: Page, terminal: Terminal) -> None:
    for block, printed in terminal.run(page):
        shown = page.shown_after(block)
        if shown is not None:
            assert is_like(shown.text, printed), f"{block} printed\n{printed}\n{shown} shows\n{shown.text}"
        else:
            assert '"error"' not in printed and "came\n" not in printed, f"{block} printed\n{printed}"
