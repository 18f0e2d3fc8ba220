"""What processes used: CPU time to the nanosecond, and memory as PSS; and which processes belong together."""

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_SCHEDULER_CLOCK = 2  # CPUCLOCK_SCHED of the kernel's posix-timers.h


def cpu_ns(pids: Iterable[int]) -> int:
    """User and system time of these processes with all their threads, ended ones too, in nanoseconds.

    The kernel has a CPU clock for every process; /proc/PID/stat shows the same, rounded to 10 ms.
    """
    return sum(_process_clock_ns(pid) for pid in pids)


def _process_clock_ns(pid: int) -> int:
    try:
        return time.clock_gettime_ns((~pid << 3) | _SCHEDULER_CLOCK)
    except OSError:  # it has ended
        return 0


def user_ticks(pids: Iterable[int]) -> tuple[int, int]:
    """(user, all) CPU time of these processes in clock ticks: how the time divides, not how much it is."""
    user = total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = _stat(_PROC / str(pid))
            user += int(fields[11])
            total += int(fields[11]) + int(fields[12])
    return user, total


def pss_bytes(pids: Iterable[int]) -> int:
    """Proportional set size of these processes: memory shared by n of them counts one n-th in each."""
    return sum(_pss(pid) for pid in pids)


def _pss(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def tree(root: int) -> list[int]:
    """The process and all its living descendants."""
    by_parent = _by_parent()
    found = [root]
    for pid in found:  # grows while it is walked
        found.extend(by_parent.get(pid, []))
    return found


def children(pid: int) -> list[int]:
    """The living children of a process, in the order of their ids."""
    return sorted(_by_parent().get(pid, []))


def _by_parent() -> dict[int, list[int]]:
    """Every living process, by its parent; a process that has ended and was not reaped is not living."""
    found: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            state, parent = _stat(entry)[:2]
            if state != "Z":
                found.setdefault(int(parent), []).append(int(entry.name))
    return found


def _stat(entry: Path) -> list[str]:
    """The fields behind the name, which stands in brackets and may hold blanks and brackets itself."""
    return (entry / "stat").read_text().rpartition(")")[2].split()
