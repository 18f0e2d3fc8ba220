"""Programs written in Go, built from module versions that are pinned with their hashes.

Dependencies are verified against the `go.sum` that is part of what was pinned, so no checksum database is
asked.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from benchmarks.harness.install import Missing, is_allowed, run
from benchmarks.harness.places import cache

DOWNLOAD_SECONDS = 120
BUILD_SECONDS = 900
# Where the toolchain's own archive is unpacked, which is often not on the PATH.
UNPACKED = Path("/usr/local/go/bin/go")
ENVIRONMENT = {"GOSUMDB": "off", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "CGO_ENABLED": "0"}


class Module(NamedTuple):
    """`at`: its folder in the repository that it comes from; `sum`: as `go.sum` writes it, `h1:…`."""

    path: str
    version: str
    sum: str
    at: str = "."


def built_with_go(name: str, modules: list[Module], package: str) -> Path:
    """The program `package` of the last module, built in a tree laid out like its repository.

    Raises `Missing`.
    """
    sources, target = cache("go") / name, cache("bin") / name
    ready, wanted = sources.with_suffix(".txt"), "\n".join(" ".join(it) for it in modules)
    if target.exists() and ready.exists() and ready.read_text() == wanted:
        return target
    go = _toolchain()
    shutil.rmtree(sources, ignore_errors=True)
    for module in modules:
        downloaded = _download(go, module)
        shutil.copytree(downloaded, sources / module.at, dirs_exist_ok=True, copy_function=shutil.copyfile)
        _let_write(sources)
    argv = [go, "build", "-o", target, package]
    run(argv, seconds=BUILD_SECONDS, cwd=sources / modules[-1].at, env=ENVIRONMENT)
    shutil.rmtree(sources)
    ready.write_text(wanted)
    return target


def _toolchain() -> str:
    found = shutil.which("go") or (str(UNPACKED) if UNPACKED.exists() else None)
    if found is None:
        raise Missing("needs a Go toolchain (https://go.dev/dl)")
    return found


def _download(go: str, module: Module) -> str:
    """The folder with its files in Go's own cache."""
    if not is_allowed():
        raise Missing("not built, and installing is off (go)")
    argv = [go, "mod", "download", "-json", f"{module.path}@{module.version}"]
    environment = {**os.environ, **ENVIRONMENT}
    try:
        done = subprocess.run(
            argv, env=environment, capture_output=True, timeout=DOWNLOAD_SECONDS, check=False
        )
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise Missing(f"go: {error}") from error
    if "Error" in said:
        raise Missing(f"go: {said['Error'][-120:]}")
    if said["Sum"] != module.sum:
        raise Missing(f"go: {module.path} {module.version} is not what was pinned")
    folder: str = said["Dir"]
    return folder


def _let_write(folder: Path) -> None:
    """Go's cache is read-only, and so are the folders copied from it."""
    for path in [folder, *(it for it in folder.rglob("*") if it.is_dir())]:
        path.chmod(0o755)
