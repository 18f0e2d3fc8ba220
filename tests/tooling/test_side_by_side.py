"""scripts/test-side-by-side: every test runs once, and what one process says counts for the whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("scripts/test-side-by-side", "tests/support/__init__.py", "tests/support/shared_queue.py")
CONTENT = "def test(): pass\n"
FAILS = "def test(): assert False\n"
KILLED = "import os\ndef test(): os.kill(os.getpid(), 9)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The script in a repository that has no tests yet."""
    for name in COPIED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    # A plugin that takes a second to import.
    (tmp_path / "setup.cfg").write_text("[tool:pytest]\naddopts = -p no:schemathesis\n")
    return tmp_path


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, tree / COPIED[0], *arguments]
    return subprocess.run(argv, cwd=tree, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("first", "second", "code", "end"),
    [
        ("", CONTENT, 0, []),
        (CONTENT, FAILS, 1, ["FAILED tests/test_second.py::test - assert False", "Process N ended with 1."]),
        (KILLED, CONTENT, 9, ["Process N ended with -9."]),
    ],
)
def test_the_end(first: str, second: str, code: int, end: list[str], tree: Path) -> None:
    """The exit code, and what failed, at the very end of the output."""
    (tree / "tests/test_first.py").write_text(first)
    (tree / "tests/test_second.py").write_text(second)
    ended = run(tree, "--processes", "2")
    assert ended.returncode == code, ended.stdout
    lines = [re.sub(r"^Process \d", "Process N", line) for line in ended.stdout.splitlines()]
    assert lines[len(lines) - len(end) :] == end, ended.stdout
    assert ("ended with" in ended.stdout) is bool(code)


def test_each_file_is_run_by_one_process(tree: Path) -> None:
    """Also a folder whose files belong together."""
    files = ["tests/clients/test_a.py", "tests/clients/test_b.py", *(f"tests/test_{n}.py" for n in range(8))]
    for name in files:
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text(
            "import os, pathlib, time\n"
            "def test():\n    with open('ran', 'a') as ran: ran.write(f'{__file__} {os.getpid()}\\n')\n"
            "    time.sleep(0.1)\n"
            "def test_again(): test()\n"
        )
    assert run(tree, "--processes", "3", "--reports", "reports").returncode == 0
    ran = [line.split() for line in (tree / "ran").read_text().splitlines()]
    assert sorted(path for path, _ in ran) == sorted(str(tree / name) for name in files for _ in range(2))
    processes = {Path(path).relative_to(tree).as_posix(): pid for path, pid in ran}
    assert len({tuple(it) for it in ran}) == len(files), "a file was run by two processes"
    assert processes[files[0]] == processes[files[1]]
    assert len(set(processes.values())) > 1
    reports = [path.read_text() for path in (tree / "reports").iterdir()]
    assert sum(int(count) for text in reports for count in re.findall(r' tests="(\d+)"', text)) == len(ran)
