"""Checks the machine: versions, open files, and limits of the kernel."""

import importlib.util
import os
import platform
import resource
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import gevent
from flask import current_app

from app.cli.doctor.findings import Finding, fine, judged, odd
from app.ops.open_files import RESERVE

BACKLOG = 2048  # gunicorn.conf.py
QUEUE = 8192
FEW_FILES = 2048  # the least, even for development
PARSER = "gunicorn_h1c"


def check() -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in ("gevent", "gunicorn", "flask", "redis"))
    yield fine("versions", f"Python {platform.python_version()}, {packages}")
    is_fast = importlib.util.find_spec(PARSER) is not None
    advice = "Install a C compiler and Python's headers, then `pip install -r requirements-fast.txt`."
    yield judged("parser", "requests in C" if is_fast else "requests in Python, slower", advice, not is_fast)
    yield fine("loop", f"{type(gevent.get_hub().loop).__module__}, {os.cpu_count()} cores")
    yield _files()
    yield from _kernel()


def _files() -> Finding:
    """The limit of this shell; running.py checks that of the running hub."""
    config = current_app.config
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = config["MAX_STREAMS"] + config["MAX_SOCKETS"] + RESERVE
    most = float("inf") if hard == resource.RLIM_INFINITY else hard
    seen = f"{most:,.0f} may be open; MAX_STREAMS and MAX_SOCKETS together want {wanted:,}"
    advice = (
        f"Raise the hard limit to {wanted} (LimitNOFILE= in the unit, ulimit -Hn in a shell), or lower those"
        " settings. This is the limit of this shell."
    )
    return judged("files", seen, advice, most < (wanted if config["IS_PRODUCTION"] else FEW_FILES))


def _kernel() -> Iterator[Finding]:
    """The settings that docs/operate/sizing.md names."""
    config = current_app.config
    most = _read("/proc/sys/net/core/somaxconn")
    if most is None:
        yield odd("kernel", "its settings can't be read here", "On Linux see docs/operate/sizing.md.")
        return
    advice = "sysctl -w net.core.somaxconn=4096, and keep it in /etc/sysctl.d (docs/operate/sizing.md)."
    yield judged("somaxconn", f"{most[0]:,} connections may wait to be accepted", advice, most[0] < BACKLOG)
    ports = _read("/proc/sys/net/ipv4/ip_local_port_range")
    streams = config["MAX_STREAMS"] * config["WEB_CONCURRENCY"]
    if ports is not None and len(ports) == 2:
        count = ports[1] - ports[0] + 1
        seen = f"{count:,} between nginx and one address of the hub; streams may be {streams:,}"
        advice = (
            "Widen net.ipv4.ip_local_port_range, or give the hub a second address (docs/operate/sizing.md)."
        )
        yield judged("ports", seen, advice, config["IS_PRODUCTION"] and count < streams)
    waiting = _read("/proc/sys/net/ipv4/tcp_max_syn_backlog")
    if waiting is not None:
        advice = f"sysctl -w net.ipv4.tcp_max_syn_backlog={QUEUE} (docs/operate/sizing.md)."
        is_low = config["IS_PRODUCTION"] and waiting[0] < QUEUE // 8
        yield judged("syn backlog", f"{waiting[0]:,} handshakes may be under way", advice, is_low)
    tracked = _read("/proc/sys/net/netfilter/nf_conntrack_max")
    if tracked is not None:
        advice = f"sysctl -w net.netfilter.nf_conntrack_max={2 * streams} (docs/operate/sizing.md)."
        seen = f"{tracked[0]:,} connections are tracked at most"
        yield judged("conntrack", seen, advice, config["IS_PRODUCTION"] and tracked[0] < 2 * streams)


def _read(path: str) -> list[int] | None:
    try:
        return [int(number) for number in Path(path).read_text().split()] or None
    except (OSError, ValueError):
        return None
