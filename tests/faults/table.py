"""The table of docs/reports/faults.md: a row for each test marked `fault`, in the order of `FAULTS`."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs/reports/faults.md"
BEGIN, END = "<!-- faults -->\n", "<!-- /faults -->"
HEAD = (
    "| The fault | What clients see | `/health/ready` | Metrics | Nothing acknowledged is lost | Test |\n"
    "|---|---|---|---|---|---|\n"
)
FAULTS = (
    "A worker is killed (SIGKILL)",
    "A worker is frozen for 20 s (SIGSTOP)",
    "Redis is stopped for 10 s",
    "Redis is restarted empty",
    "Redis connections are killed",
    "Redis is slow",
    "PostgreSQL is restarted",
    "PostgreSQL's pool is exhausted",
    "The disk is full (SQLite)",
    "100 readers stall",
    "The clock is moved",
    "SIGTERM under load",
    "SIGHUP under load (reload)",
)
PARTS = ("clients", "ready", "metrics", "kept")
_MARKED = re.compile(r'^@pytest\.mark\.fault\("([^"]+)"\)\n(?:@.*\n)*def (test_\w+)', re.MULTILINE)


class Outcome:
    """What a test saw, as short sentences with measured figures: each part once, and none may be missing.

    clients   what clients of every kind see, and for how long
    ready     what /health/ready answers, and when
    metrics   which of the numbers of /metrics tell, and what
    kept      why nothing that was acknowledged is lost: what was counted
    """

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}

    def clients(self, text: str) -> None:
        self._say("clients", text)

    def ready(self, text: str) -> None:
        self._say("ready", text)

    def metrics(self, text: str) -> None:
        self._say("metrics", text)

    def kept(self, text: str) -> None:
        self._say("kept", text)

    def _say(self, part: str, text: str) -> None:
        assert part not in self._parts, f"{part} was told already"
        assert text and not re.search(r"[|\n]", text), f"no cell of a table: {text!r}"
        self._parts[part] = text

    def row(self, fault: str, test: str) -> str:
        missing = [part for part in PARTS if part not in self._parts]
        assert not missing, f"the test does not tell: {', '.join(missing)}"
        cells = [fault, *(self._parts[part] for part in PARTS), f"`{test}`"]
        return f"| {' | '.join(cells)} |\n"


def marked_tests() -> dict[str, str]:
    """The fault that each marked test of this folder is about, in the order of the table."""
    texts = [path.read_text() for path in sorted(Path(__file__).parent.glob("test_*.py"))]
    found = {test: fault for text in texts for fault, test in _MARKED.findall(text)}
    unknown = set(found.values()) - set(FAULTS)
    assert not unknown, f"no fault of the table: {unknown}"
    return dict(sorted(found.items(), key=lambda item: (FAULTS.index(item[1]), item[0])))


def rows() -> dict[str, str]:
    """The rows of the page, by the name of their test."""
    table = PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
    lines = table.removeprefix(HEAD).splitlines(keepends=True)
    return {re.findall(r"`(test_\w+)` \|$", line.rstrip())[0]: line for line in lines}


def write(measured: dict[str, str]) -> None:
    """Puts rows, by the name of their test, into the page; the others stay as long as their test is there."""
    known = rows() | measured
    before, _, rest = PAGE.read_text().partition(BEGIN)
    table = "".join(known[test] for test in marked_tests() if test in known)
    PAGE.write_text(before + BEGIN + HEAD + table + END + rest.partition(END)[2])
