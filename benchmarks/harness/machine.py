"""The machine: what to write beside the figures, and which two cores to use."""

import os
import platform
import resource
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

VERSIONS_OF = ("flask", "flask-sock", "gevent", "gunicorn", "redis")


@dataclass(frozen=True)
class Cores:
    """The core of the servers, and that of the load client and the publisher."""

    server: int | None
    client: int | None


@dataclass(frozen=True)
class Machine:
    cpu: str
    cores: int
    memory_gib: float
    kernel: str
    python: str
    versions: dict[str, str]
    open_files: int
    load_average: float

    def as_dict(self) -> dict[str, object]:
        return asdict(self)

    def sentence(self) -> str:
        """One line, as docs/reports/benchmarks.md begins."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return (
            f"{self.cpu}, {self.cores} cores, {self.memory_gib:.0f} GiB, Linux {self.kernel}, "
            f"Python {self.python}, {versions}; load average at the start {self.load_average:.2f}"
        )


def describe() -> Machine:
    return Machine(
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        kernel=platform.release(),
        python=platform.python_version(),
        versions=_versions(),
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        load_average=os.getloadavg()[0],
    )


def raise_file_limit() -> None:
    """Let this process and its children open as many files as the hard limit allows."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pin(core: int | None) -> None:
    """Keep this process, which publishes, off the servers' core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def choose_cores() -> Cores:
    """Two cores, not two threads of one; on a machine with one core nothing is pinned."""
    allowed = sorted(os.sched_getaffinity(0))
    others = [core for core in allowed[1:] if core not in _siblings(allowed[0])]
    if not others:
        return Cores(None, None)
    return Cores(allowed[0], others[0])


def _siblings(core: int) -> set[int]:
    listing = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    if not listing.exists():
        return {core}
    siblings: set[int] = set()
    for part in listing.read_text().strip().split(","):
        first, _, last = part.partition("-")
        siblings.update(range(int(first), int(last or first) + 1))
    return siblings


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> dict[str, str]:
    found = {name: metadata.version(name) for name in VERSIONS_OF if _is_installed(name)}
    for program, flag in (("nginx", "-v"), ("node", "-v"), ("redis-server", "-v")):
        if said := _said([program, flag]):
            found[program] = said
    return found


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _said(argv: list[str]) -> str | None:
    """The version in what a program says of itself."""
    if shutil.which(argv[0]) is None:
        return None
    done = subprocess.run(argv, capture_output=True, text=True, timeout=10, check=False)
    for word in (done.stdout + done.stderr).replace("v=", " ").replace("/", " ").split():
        if word.lstrip("v")[:1].isdigit():
            return word.lstrip("v")
    return None


if sys.platform != "linux":
    raise SystemExit("the benchmarks read /proc: Linux only")
