"""Links and pictures of the pages lead to existing files, and anchors to existing headings."""

from __future__ import annotations

import pytest

from tests.support.markdown import ROOT, Page, guides

OTHERS = [*ROOT.glob("*.md"), ROOT / "benchmarks/README.md"]
PAGES = {page.path: page for page in [*map(Page, OTHERS), *guides()]}


@pytest.mark.parametrize("page", PAGES.values(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    for link in page.links:
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        path = (page.path.parent / name).resolve() if name else page.path
        assert path.exists(), f"{link} in {page.name}"
        if anchor:
            assert anchor in PAGES[path].anchors, f"{link} in {page.name}"


def test_every_page_is_in_the_index() -> None:
    folder = ROOT / "docs"
    index = PAGES[folder / "README.md"]
    linked = {(folder / link.partition("#")[0]).resolve() for link in index.links}
    listed_elsewhere = folder / "decisions"
    pages = {path for path in folder.rglob("*.md") if path.parent != listed_elsewhere}
    assert pages - {index.path} <= linked


def test_every_decision_is_in_its_index() -> None:
    folder = ROOT / "docs/decisions"
    index = PAGES[folder / "README.md"]
    assert {path.name for path in folder.glob("0*.md")} == {link for link in index.links if link[0] == "0"}
