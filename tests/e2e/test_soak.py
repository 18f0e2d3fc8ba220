"""A small soak from end to end: it starts everything, loses and leaves nothing, and draws what it saw."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.services import find_postgres, find_redis

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(find_postgres() is None, reason="no PostgreSQL server on this machine")
@pytest.mark.skipif(find_redis() is None, reason="no redis-server on this machine")
def test_a_small_soak(tmp_path: Path) -> None:
    sizes = ["--minutes", "0.3", "--streams", "60", "--sockets", "10"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", *sizes, "--write", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    # Whether memory is flat can't be seen in so short a time: modules are still being loaded.
    assert "WRONG" not in done.stdout, done.stdout
    assert "LEFT BEHIND" not in done.stdout, done.stdout
    ElementTree.parse(tmp_path / "soak.svg")
    page = (tmp_path / "soak.md").read_text()
    assert "| deliveries received |" in page
    assert page.startswith("<!-- soak -->\n")
