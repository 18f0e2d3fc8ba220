"""scripts/test-side-by-side: what one half says counts for the whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test-side-by-side"
CONTENT = "def test(): pass\n"
FAILS = "def test(): assert False\n"
KILLED = "import os\ndef test(): os.kill(os.getpid(), 9)\n"


@pytest.mark.parametrize(
    ("first", "second", "code", "end"),
    [
        ("", CONTENT, 0, []),
        (CONTENT, FAILS, 1, ["FAILED tests/test_second.py::test - assert False", "Process 2 ended with 1."]),
        (KILLED, CONTENT, 9, ["Process 1 ended with -9."]),
    ],
)
def test_the_end(first: str, second: str, code: int, end: list[str], tmp_path: Path) -> None:
    """The exit code, and what failed, where whoever sees only the last lines finds it."""
    for folder in ("scripts", "tests/e2e", "tests/faults", "tests/clients", "tests/cli"):
        (tmp_path / folder).mkdir(parents=True)
    script = shutil.copy(SCRIPT, tmp_path / "scripts")
    (tmp_path / "tests/e2e/test_first.py").write_text(first)
    (tmp_path / "tests/test_second.py").write_text(second)
    argv = [sys.executable, script]
    ended = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == code, ended.stdout
    lines = ended.stdout.splitlines()
    assert lines[len(lines) - len(end) :] == end, ended.stdout
    assert ("ended with" in ended.stdout) is bool(code)
