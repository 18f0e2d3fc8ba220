"""The Markdown of README.md and docs/: fenced blocks and what is said of them, headings, links.

A comment on the line before a block's fence says what the tests do with it:

    <!-- not run: it needs systemd -->    shown only, for this reason
    <!-- file: people.yaml -->            written beside what the page runs, under this name
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?:[ ]*<!-- (?P<note>[a-z ]+): (?P<said>[^\n]+) -->\n)?"
    r"(?P<indent>[ ]*)```(?P<language>\S*)\n(?P<text>.*?)^(?P=indent)```$",
    re.DOTALL | re.MULTILINE,
)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|\b(?:src|href|srcset)=\"([^\"]+)\"")
_CODE_SPAN = re.compile(r"`[^`\n]+`")


@dataclass(frozen=True)
class Block:
    """One fenced block. `note` and `said` are those of the comment before it; `page` is relative to ROOT."""

    page: str
    line: int
    language: str
    text: str
    note: str = ""
    said: str = ""

    def __str__(self) -> str:
        return f"{self.page}:{self.line} ({self.language or 'no language'})"

    @property
    def is_run(self) -> bool:
        return self.note == "" and self.language in ("sh", "python", "js", "html")


class Page:
    def __init__(self, path: Path) -> None:
        self.path, self.name = path, str(path.relative_to(ROOT))
        self.text = path.read_text()

    @cached_property
    def blocks(self) -> list[Block]:
        return list(self._read_blocks())

    def _read_blocks(self) -> Iterator[Block]:
        for found in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, found.start("indent")) + 1
            text = re.sub(f"^{found['indent']}", "", found["text"], flags=re.MULTILINE)
            yield Block(self.name, line, found["language"], text, found["note"] or "", found["said"] or "")

    def shown_after(self, block: Block) -> Block | None:
        """The `text` block that comes next, which shows what this one prints."""
        rest = self.blocks[self.blocks.index(block) + 1 :]
        return rest[0] if rest and rest[0].language == "text" and not rest[0].note else None

    def expects(self, language: str) -> bool:
        return any(block.is_run and block.language == language for block in self.blocks)

    @cached_property
    def prose(self) -> str:
        """The page without its blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def anchors(self) -> set[str]:
        """Of its headings, as GitHub makes them; a second heading of the same text gets -1, a third -2."""
        made: set[str] = set()
        for heading in _HEADING.findall(self.prose):
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
            slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            again = [slug, *(f"{slug}-{number}" for number in range(1, 9))]
            made.add(next(anchor for anchor in again if anchor not in made))
        return made

    @cached_property
    def links(self) -> list[str]:
        """Where its links and pictures lead, outside of code."""
        return ["".join(found) for found in _LINK.findall(_CODE_SPAN.sub("", self.prose))]


def guides() -> list[Page]:
    """README.md and every page under docs/."""
    return [Page(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]
