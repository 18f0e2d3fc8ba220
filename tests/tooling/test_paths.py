"""Scripts and settings name files that exist, or that a command makes, which git ignores."""

import re
from pathlib import Path

import pytest

from tests.support.markdown import ROOT

READ = [
    *(
        ROOT / name
        for name in ("Makefile", "Dockerfile", "gunicorn.conf.py", "setup.cfg", "ruff.toml", ".ci/run")
    ),
    *(path for folder in ("scripts", "deploy") for path in (ROOT / folder).iterdir() if path.is_file()),
]
PATH = re.compile(
    r"(?<![\w-])(?:app|benchmarks|config|deploy|docs|migrations|scripts|server|tests)/[\w./-]*\w"
)
MADE = tuple(line.strip("/") for line in (ROOT / ".gitignore").read_text().split())


@pytest.mark.parametrize("path", READ, ids=lambda path: path.name)
def test_named_files_exist(path: Path) -> None:
    named = set(PATH.findall(path.read_text()))
    assert not {name for name in named if not (ROOT / name).exists() and not name.endswith(MADE)}
