"""Finds the services' programs; on a Debian-like system root installs the missing ones."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.machine.daemon import Failed
from deploy.machine.state import ROOT

PACKAGES = {
    "nginx": "nginx",
    "initdb": "postgresql",
    "redis-server": "redis-server",
    "openssl": "openssl",
    "envsubst": "gettext-base",
}


def find(program: str) -> str | None:
    """Also looks in root's folders, and in those of PostgreSQL's versions on Debian."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    versions = [path for path in Path("/usr/lib/postgresql").glob(f"*/bin/{program}") if path.exists()]
    newest = max(versions, key=lambda path: float(path.parents[1].name), default=None)
    return found or (str(newest) if newest else None)


def require(program: str) -> str:
    found = find(program)
    if found is None:
        raise Failed(f"{program} is not on this machine")
    return found


def install_missing() -> None:
    """Raises Failed with the names of the packages when it can't install them."""
    if find_spec("psycopg2") is None or find_spec("redis") is None:
        raise Failed("This Python has none of the hub's packages: call it by `make up`.")
    packages = [package for program, package in PACKAGES.items() if find(program) is None]
    if not packages:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Failed(f"Please install {', '.join(packages)} (as root on Debian this command does it).")
    print(f"Installing {', '.join(packages)} ...", flush=True)
    done = subprocess.run([ROOT / "scripts/apt-install", *packages], stdout=sys.stderr, check=False)
    if done.returncode:
        raise Failed(f"Could not install {', '.join(packages)}.")
