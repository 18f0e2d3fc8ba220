"""gunicorn's hooks, in the order in which they are called (its documentation, "Server Hooks").

The first ones run in the main process, which loads no application; server/worker.py is imported in workers.
"""

import shutil
from typing import Any

from gunicorn.arbiter import Arbiter

from server.generations import announce_generation
from server.graceful_reload import GracefulReload, forget_release


def when_ready(arbiter: Arbiter) -> None:
    """Runs once, before the first workers are started."""
    GracefulReload(arbiter).install()


def on_reload(arbiter: Arbiter) -> None:
    """Before the new workers start and the old ones get SIGTERM."""
    arbiter.generation += 1
    announce_generation(arbiter.metrics_folder, arbiter.generation, arbiter.cfg.workers)


def pre_fork(arbiter: Arbiter, worker: Any) -> None:
    """gunicorn opens no listeners for the worker; see server/listener.py."""
    arbiter.cfg.set("reuse_port", False)


def post_fork(arbiter: Arbiter, worker: Any) -> None:
    worker.metrics_folder = arbiter.metrics_folder
    worker.generation = arbiter.generation
    forget_release()  # settings, server and application of a worker are of one release: that on the disk


def post_worker_init(worker: Any) -> None:
    from server.worker import start

    start(worker)


def pre_request(worker: Any, req: Any) -> None:
    worker.connections.mark_busy(req.unreader.sock)


def post_request(worker: Any, req: Any, environ: object, resp: object) -> None:
    worker.connections.mark_idle(req.unreader.sock)


def worker_exit(arbiter: Arbiter, worker: Any) -> None:
    """Also reached without SIGTERM."""
    if worker.booted:
        from server.worker import stop

        stop(worker)


def on_exit(arbiter: Arbiter) -> None:
    """The main process ends, after its workers."""
    shutil.rmtree(arbiter.metrics_folder, ignore_errors=True)
