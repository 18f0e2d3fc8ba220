"""gunicorn's settings (its documentation, "Settings"): gevent workers, polite ends, no tokens in logs."""

import fcntl
import logging.config
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import gevent
from gevent.server import StreamServer
from gunicorn import glogging, sock, util
from gunicorn.workers import ggevent

from config import ConfigurationError, load
from config.base import is_loopback, workers_problem
from config.log_lines import configuration


def _refuse(problems: list[str]) -> None:
    print("The hub can't start:", *(f"- {problem}" for problem in problems), sep="\n", file=sys.stderr)
    sys.exit(1)


try:
    _settings = load()
except ConfigurationError as error:
    _refuse(error.problems)

bind = _settings.BIND
workers = _settings.WEB_CONCURRENCY
worker_class = "gevent"
worker_connections = 20_000  # the hub refuses politely long before connections would hang in the backlog
backlog = 2048
timeout = 60
graceful_timeout = 8
keepalive = 75  # also the time for a request's head; longer than nginx keeps its upstream connections
# Connections spread evenly over workers only when each has a socket of its own.
reuse_port = workers > 1
preload_app = False
control_socket_disable = True
forwarded_allow_ips = ""  # the application knows which proxies to believe: TRUSTED_PROXIES
# Heartbeat files on a disk would stall the loop of a worker when the disk does.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
errorlog = "-"


class logger_class(glogging.Logger):
    """gunicorn's lines look like the hub's. The hub logs requests itself (`ACCESS_LOG`): gunicorn's own lines
    would hold query strings, and with them tokens."""

    def setup(self, cfg):  # type: ignore[no-untyped-def]
        super().setup(cfg)
        logging.config.dictConfig(configuration(_settings.LOG_FORMAT))

    def access(self, resp, req, environ, request_time):  # type: ignore[no-untyped-def]
        pass


class LastAccepts(StreamServer):
    """Before it closes, it takes the connections that the kernel has completed: they would be reset."""

    def close(self):  # type: ignore[no-untyped-def]
        with suppress(OSError, AttributeError):  # AttributeError: it was closed before
            self.socket.setblocking(False)
            for _ in range(backlog):  # more may come all the time
                if not (accepted := self.do_read()):
                    break
                self.do_handle(*accepted)
                gevent.sleep(0)  # its greenlet begins, and asks the listener for its name
        super().close()


ggevent.StreamServer = LastAccepts

TRIAL_SECONDS = 60.0


def on_starting(server):  # type: ignore[no-untyped-def]
    """Runs once, in the master, before anything listens."""
    problem = workers_problem(server.cfg.workers, _settings.REDIS_URL)
    if problem:
        _refuse([problem])
    if server.cfg.reuse_port or "GUNICORN_FD" not in os.environ:  # else it takes over who listens (SIGUSR2)
        _require_free_port(_settings.BIND)
    if _settings.GATEWAY_AUTH == "open" and not is_loopback(_settings.BIND):
        server.log.warning("GATEWAY_AUTH=open: whoever reaches %s may push and connect", _settings.BIND)
    server.metrics_folder, server.metrics_lock = _make_metrics_folder()
    server.generation = 0


def when_ready(server):  # type: ignore[no-untyped-def]
    """Workers that wait for their successors need not do so when the whole server stops: because it is told
    to, even in the middle of a reload, or because a successor can't start. And a release or settings with
    which no successor could start end nobody."""
    note_term, stop, reload = signal.getsignal(signal.SIGTERM), server.stop, server.reload
    server.trial, server.is_ending = None, False

    def handle_term(number, frame):  # type: ignore[no-untyped-def]
        server.is_ending = True
        if server.trial is not None:
            server.trial.kill()
        _expect_nobody(server)
        note_term(number, frame)

    def stop_at_once(graceful=True):  # type: ignore[no-untyped-def]
        _expect_nobody(server)
        stop(graceful)

    def reload_if_sound():  # type: ignore[no-untyped-def]
        problem = _try_release(server)
        if server.is_ending:
            return
        if problem:
            server.log.error("Nothing is reloaded, and nobody stops: %s", problem)
            return
        for name in [name for name in sys.modules if name.partition(".")[0] == "config"]:
            del sys.modules[name]  # the trial had those on the disk, and so shall the workers
        reload()

    signal.signal(signal.SIGTERM, handle_term)
    server.stop, server.reload = stop_at_once, reload_if_sound


def _try_release(server):  # type: ignore[no-untyped-def]
    """Loads the configuration and the application as they are on the disk now, in a process of its own: a
    worker that can't would end the whole server. Returns what went wrong, or "". This process waits
    meanwhile, the workers do not."""
    argv = [sys.executable, "-m", "gunicorn", *sys.argv[1:], "--check-config"]
    try:
        trial = subprocess.Popen(  # noqa: S603 - as this process was started
            argv,
            cwd=server.START_CTX["cwd"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return f"the release could not be tried: {error}"
    with trial:
        server.trial = trial
        if server.is_ending:  # told so before there was a trial to end
            trial.kill()
        try:
            said = trial.communicate(timeout=TRIAL_SECONDS)[1].strip()
        except subprocess.TimeoutExpired:
            trial.kill()
            said = f"the release was not loaded within {TRIAL_SECONDS:g} s"
    server.trial = None
    if trial.returncode == 0:
        return ""
    return said or f"the trial of the release ended with {trial.returncode}"


def _expect_nobody(server):  # type: ignore[no-untyped-def]
    with suppress(OSError):
        (server.metrics_folder / f"leaving-{server.generation}").touch()


def on_reload(server):  # type: ignore[no-untyped-def]
    """Before the new workers are started and the old ones told to end; see server/graceful_reload.py."""
    server.generation += 1
    draft = server.metrics_folder / ".generation"
    with suppress(OSError):
        draft.write_text(f"{server.generation} {server.cfg.workers}")
        draft.replace(server.metrics_folder / "generation")  # nobody ever reads half of it


def _require_free_port(address: str) -> None:
    """gunicorn would try for seconds, and with SO_REUSEPORT share the port without anybody noticing."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError as error:
            _refuse([f"{address} can't be used: {error.strerror}; stop what listens there or set BIND"])


def _make_metrics_folder():  # type: ignore[no-untyped-def]
    """Where the workers find each other's numbers; locked as long as one of them or this process lives.

    Those of servers that were killed are free, and are tidied up.
    """
    root = Path(worker_tmp_dir or tempfile.gettempdir())
    for found in root.glob("hub-metrics-*"):
        with suppress(OSError):  # in use, or somebody else's
            os.close(_lock(found))
            shutil.rmtree(found)
    draft = Path(tempfile.mkdtemp(prefix=".hub-metrics-", dir=root))
    lock = _lock(draft)
    return draft.rename(root / draft.name[1:]), lock  # nobody ever saw it unlocked


def _lock(folder):  # type: ignore[no-untyped-def]
    """The descriptor that holds the lock; raises OSError."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def on_exit(server):  # type: ignore[no-untyped-def]
    shutil.rmtree(server.metrics_folder, ignore_errors=True)


def pre_fork(server, worker):  # type: ignore[no-untyped-def]
    """With `reuse_port` gunicorn's workers listen before they have loaded the application: connections would
    wait for that while another worker is ready for them. See post_worker_init."""
    server.cfg.set("reuse_port", False)


def post_fork(server, worker):  # type: ignore[no-untyped-def]
    worker.metrics_folder = server.metrics_folder
    worker.generation = server.generation


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    from server.drain import IdleConnections, drain_on_signal
    from server.graceful_reload import GracefulReload

    engine = worker.wsgi.extensions["engine"]
    engine.serve()
    worker.wsgi.extensions["metrics"].share(worker.metrics_folder)
    worker.connections = IdleConnections()
    reload = GracefulReload(worker.metrics_folder, worker.generation)
    drain_on_signal(engine, worker.connections, reload, worker)
    if reuse_port:
        _listen(worker)
    reload.enter()


def _listen(worker):  # type: ignore[no-untyped-def]
    worker.cfg.set("reuse_port", True)
    worker.sockets = sock.create_sockets(worker.cfg, worker.log)
    for listener in worker.sockets:
        util.close_on_exec(listener)
    worker.patch()  # makes them gevent's


def pre_request(worker, req):  # type: ignore[no-untyped-def]
    worker.connections.busy(req.unreader.sock)


def post_request(worker, req, environ, resp):  # type: ignore[no-untyped-def]
    worker.connections.idle(req.unreader.sock)


def worker_exit(server, worker):  # type: ignore[no-untyped-def]
    """Also reached without SIGTERM; streams that are still open learn why, and have a moment to read it."""
    if worker.booted:
        worker.wsgi.extensions["engine"].drain(wait_seconds=2)
        worker.wsgi.extensions["metrics"].stop()
