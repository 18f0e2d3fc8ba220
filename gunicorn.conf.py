"""gunicorn's settings (its documentation, "Settings"). Its hooks are in server/."""

import sys
from pathlib import Path

from gunicorn.arbiter import Arbiter

from config import ConfigurationError, load, refusal
from config.log_lines import configuration
from server.hooks import (  # noqa: F401 - gunicorn finds its hooks by their names
    on_exit,
    on_reload,
    post_fork,
    post_request,
    post_worker_init,
    pre_fork,
    pre_request,
    when_ready,
    worker_exit,
)
from server.logger import ErrorLogger
from server.metrics_folder import make_metrics_folder
from server.start_checks import check_start

try:
    _settings = load()
except ConfigurationError as error:
    sys.exit(refusal(error.problems))

bind = _settings.BIND
workers = _settings.WEB_CONCURRENCY
worker_class = "gevent"
worker_connections = (
    20_000  # the hub refuses with an answer long before connections would wait in the backlog
)
backlog = 2048
timeout = 60
graceful_timeout = 8
keepalive = 75  # also the time for a request's head; longer than nginx keeps its upstream connections
# Connections spread evenly over workers only when each has a socket of its own.
reuse_port = workers > 1
preload_app = False
control_socket_disable = True
forwarded_allow_ips = ""  # the application knows which proxies to trust: TRUSTED_PROXIES
# Heartbeat files on a disk would stall the loop of a worker when the disk does.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
errorlog = "-"
logger_class = ErrorLogger
logconfig_dict = configuration(_settings.LOG_FORMAT)  # the lines of gunicorn look like the hub's


def on_starting(server: Arbiter) -> None:
    """Runs once, in the main process, before anything listens."""
    check_start(server, _settings)
    server.metrics_folder, server.metrics_lock = make_metrics_folder(server.cfg.worker_tmp_dir)
    server.generation = 0
