"""The hub in one of gunicorn's workers, from its first request to its end. Imported in workers only."""

from typing import Any

from app.extensions import engine_part
from app.ops.metrics.routes import metrics_part
from server.drain import IdleConnections, drain_on_signal
from server.generations import WorkerGeneration
from server.listener import open_listeners

LAST_FRAMES_SECONDS = 2


def start(worker: Any) -> None:
    """The application is loaded, and gunicorn's signal handlers are in place."""
    engine = engine_part.of(worker.wsgi)
    engine.serve()
    metrics_part.of(worker.wsgi).share(worker.metrics_folder)
    worker.connections = IdleConnections()
    generation = WorkerGeneration(worker.metrics_folder, worker.generation)
    drain_on_signal(engine, worker.connections, generation, worker)
    open_listeners(worker)
    generation.announce_ready()


def stop(worker: Any) -> None:
    """Ends the streams that are still open, and gives their clients a moment to read the last frame."""
    engine_part.of(worker.wsgi).drain(wait_seconds=LAST_FRAMES_SECONDS)
    metrics_part.of(worker.wsgi).stop()
