"""Every block has a language, and is run, checked, or marked with the reason why not."""

import re

import pytest

from tests.support.markdown import Block, Page, guides

PAGES = guides()
BLOCKS = [block for page in PAGES for block in page.blocks]
CHECKED = ("json", "yaml", "csv", "env", "ini", "nginx")
# Commands that change the machine or run for long: their blocks are for the reader.
FOREIGN = re.compile(r"^\s*(make|docker|sudo|systemctl|apt|apt-get|git|npm|pip) ", re.MULTILINE)


def is_shown_for(page: Page, block: Block) -> bool:
    """Whether the block shows the output of one that is run."""
    return any(page.shown_after(other) is block for other in page.blocks if other.is_run)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_block_is_run_or_says_why_not(page: Page) -> None:
    fences = re.findall(r"^ *```", page.text, re.MULTILINE)
    assert len(fences) == 2 * len(page.blocks), "a fence is not closed"
    for block in page.blocks:
        assert block.language, f"{block} needs a language"
        assert block.note in ("", "not run", "file"), f"{block}: what is <!-- {block.note}: -->?"
        is_checked = block.language in CHECKED or block.is_run or is_shown_for(page, block)
        assert is_checked or block.note, f"{block} is neither run nor marked <!-- not run: why -->"


@pytest.mark.parametrize("block", [it for it in BLOCKS if it.language == "sh" and it.is_run], ids=str)
def test_no_block_that_is_run_changes_the_machine(block: Block) -> None:
    assert not FOREIGN.search(block.text), f"{block} is for its reader: mark it <!-- not run: why -->"


@pytest.mark.parametrize("block", [it for it in BLOCKS if it.note == "file"], ids=str)
def test_a_file_is_used_by_what_is_run(block: Block) -> None:
    page = next(page for page in PAGES if page.name == block.page)
    assert any(block.said in other.text for other in page.blocks if other.is_run), block
