"""What the main process checks before the server listens. Ends the process with the reason."""

import os
import socket
import sys

from gunicorn.arbiter import Arbiter

from config import Base, refusal
from config.base import is_loopback, workers_problem


def check_start(arbiter: Arbiter, settings: Base) -> None:
    # gunicorn's number of workers, which its command line may set, not only WEB_CONCURRENCY.
    problem = workers_problem(arbiter.cfg.workers, settings.REDIS_URL)
    if problem:
        sys.exit(refusal([problem]))
    if not _inherits_listener(arbiter):
        _require_free_port(settings.BIND)
    if settings.GATEWAY_AUTH == "open" and not is_loopback(settings.BIND):
        arbiter.log.warning(
            "GATEWAY_AUTH=open: every client that reaches %s may push and connect", settings.BIND
        )


def _inherits_listener(arbiter: Arbiter) -> bool:
    """Whether an older server hands over its listener (SIGUSR2)."""
    return not arbiter.cfg.reuse_port and "GUNICORN_FD" in os.environ


def _require_free_port(address: str) -> None:
    """gunicorn would try for seconds, and with SO_REUSEPORT it would share the port silently."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            sys.exit(
                refusal([f"{address} can't be used: {error.strerror}; stop what listens there or set BIND"])
            )
