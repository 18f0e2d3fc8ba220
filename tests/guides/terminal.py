"""Runs the blocks of a page as a reader does: pasted into one terminal, in order."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.hub import HubProcess
from tests.support.markdown import ROOT, Block, Page
from tests.support.process import Child

ADDRESS = "127.0.0.1:8000"  # the address that the pages show
SECONDS = 180
_MARK = "--- block {} ---"


class Terminal:
    """A bash in `folder`, which links to the project's files; its `.venv` is the environment `python`."""

    def __init__(self, folder: Path, hub: HubProcess, python: Path) -> None:
        self.folder, self._hub = folder, hub
        folder.mkdir()
        for entry in ROOT.iterdir():
            if not entry.name.startswith("."):
                (folder / entry.name).symlink_to(entry)
        (folder / ".venv").symlink_to(python)

    def run(self, page: Page) -> list[tuple[Block, str]]:
        """Each block that was run, with its output. Raises AssertionError at the first one that failed."""
        blocks = [block for block in page.blocks if block.language in ("sh", "python") and block.is_run]
        for block in page.blocks:
            if block.note == "file":
                (self.folder / block.said).write_text(self._local(block.text))
        script = "set -eu\n" + "".join(self._lines(number, block) for number, block in enumerate(blocks))
        (self.folder / "page.sh").write_text(script)
        log = self.folder / "printed"
        child = Child(["bash", "page.sh"], log, env=self._hub.env, cwd=self.folder)
        try:
            code = child.wait(SECONDS)
        finally:
            child.stop()  # and the programs that the page left running
        printed = self._split(log.read_text(), len(blocks))
        assert code == 0, f"{blocks[len(printed) - 1]} ended with {code}:\n{printed[-1]}"
        return list(zip(blocks, printed, strict=True))

    def _lines(self, number: int, block: Block) -> str:
        name = f"block{number}.{block.language}"
        (self.folder / name).write_text(self._local(block.text))
        run = f". ./{name}" if block.language == "sh" else f".venv/bin/python {name}"
        return f"echo; echo '{_MARK.format(number)}'\n{run} </dev/null\n"

    def _local(self, text: str) -> str:
        return text.replace(ADDRESS, f"127.0.0.1:{self._hub.port}")

    def _split(self, printed: str, count: int) -> list[str]:
        text = printed.replace(f"127.0.0.1:{self._hub.port}", ADDRESS)
        parts = re.split("|".join(re.escape(f"\n{_MARK.format(number)}\n") for number in range(count)), text)
        return parts[1:]
