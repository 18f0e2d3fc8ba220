"""Progress bars are drawn only where stderr is a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hub import ROOT, HubProcess
from tests.support.shell import shell


def seen(hub: HubProcess, *arguments: str) -> tuple[str, str]:
    """The texts on stdout and on a terminal at stderr."""
    terminal, end = pty.openpty()
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    finished = subprocess.run(
        argv, env=hub.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=end, text=True, timeout=120, check=True
    )
    os.close(end)
    drawn = os.read(terminal, 65536).decode()
    os.close(terminal)
    return finished.stdout, drawn


@pytest.mark.parametrize("command", ["prune", "seed"])
def test_progress(shared_hub: HubProcess, tmp_path: Path, command: str) -> None:
    file = tmp_path / "users.csv"
    file.write_text("name,email,password\n" + "".join(f"p{it},p{it}@example.org,x\n" for it in range(3)))
    arguments = [command, str(file)] if command == "seed" else [command]
    printed, drawn = seen(shared_hub, *arguments)
    assert "####" in drawn and "###" not in printed and printed.count("\n") == 1
    quiet = shell(shared_hub, *arguments)
    assert (quiet.returncode, quiet.stderr) == (0, "")
