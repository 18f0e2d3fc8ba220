"""How much of the machine others used meanwhile: a disturbed run should say that it was."""

import os
import resource
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


class Noise:
    """From its making on: the share of the machine's CPU time that went to none of our processes.

    Our own is what this process used, and its children that have ended; ask when all have.
    """

    def __init__(self) -> None:
        self._busy, self._own, self._began = _machine_seconds(), _own_seconds(), time.monotonic()

    def share(self) -> float:
        """From 0 to 1."""
        elapsed = (time.monotonic() - self._began) * (os.cpu_count() or 1)
        others = (_machine_seconds() - self._busy) - (_own_seconds() - self._own)
        return min(max(others / elapsed, 0.0), 1.0) if elapsed else 0.0


def _machine_seconds() -> float:
    """CPU seconds of all cores that were not idle, those stolen by the host too (proc(5), /proc/stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / _TICK


def _own_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)
