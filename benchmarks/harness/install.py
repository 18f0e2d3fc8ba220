"""Getting what a rival needs: programs by apt, packages by their own client, C by the compiler.

Everything but Debian's packages goes under the cache. `Missing` says why something can't be had, in words
fit for the table.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.harness.places import BENCHMARKS, LOGS, cache

APT_SECONDS = 300
COMPILE_SECONDS = 60


class Missing(Exception):
    """A server can't run here; the message says why."""


def run(
    argv: Sequence[str | Path], *, seconds: int, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Run an installing command, its output in a log. Raises `Missing` with the last line it said."""
    if not is_allowed():
        raise Missing(f"not installed, and installing is off ({Path(argv[0]).name})")
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "install.log"
    with log.open("ab") as out:
        try:
            done = subprocess.run(
                [str(part) for part in argv],
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{Path(argv[0]).name}: {error}") from error
    if done.returncode:
        raise Missing(f"{Path(argv[0]).name}: {last_line(log)}")


def is_allowed() -> bool:
    """Whether anything may be installed (`--no-install` sets BENCH_INSTALL=0)."""
    return os.environ.get("BENCH_INSTALL", "1") != "0"


def last_line(log: Path) -> str:
    """The last line of a log that says something, cut to a table's width."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:120] if lines else "no output"


def program(name: str, *packages: str) -> str:
    """The path of a program; installed from Debian's packages where it is missing and that is possible."""
    found = shutil.which(name)
    if found is None and packages:
        apt(*packages)
        found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def apt(*packages: str) -> None:
    """Install Debian's packages, as root on Debian only."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise Missing(f"needs Debian's {' and '.join(packages)} (apt-get install, as root)")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-q"], seconds=APT_SECONDS, env=quiet)
    run(["apt-get", "install", "-qy", "--no-install-recommends", *packages], seconds=APT_SECONDS, env=quiet)


def compiled(name: str) -> Path:
    """The program built from `benchmarks/c/NAME.c`, built anew when the source is newer."""
    source = BENCHMARKS / "c" / f"{name}.c"
    target = cache("bin") / name
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        compiler = program("gcc", "gcc", "libc6-dev")
        run([compiler, "-O2", "-Wall", "-Wextra", "-o", target, source], seconds=COMPILE_SECONDS)
    return target
