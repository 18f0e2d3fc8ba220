"""The area put together: its routes, its streams' authorizer, and the poller that works beside them."""

from functools import partial

from flask import Flask

from app.auth import clients
from app.concepts.breaker import Breaker
from app.concepts.client import TaskClient
from app.concepts.job_poller import JobPoller, PollerLimits, poller_part
from app.concepts.job_steps import JobSteps, Patience
from app.concepts.live import KIND, why_not_watch
from app.concepts.meters import TaskMeters, meters_part
from app.concepts.routes import blueprint
from app.extensions import engine_part
from app.realtime.topics import TopicKind
from config.base import own_url


def init_app(app: Flask) -> None:
    """Serves `/api/ad-concepts`, and has each worker see to tasks once it serves or is handed one."""
    config, engine = app.config, engine_part.of(app)
    meters = meters_part.bind(app, TaskMeters())
    call_seconds = min(config["TASK_TIMEOUT_SECONDS"], config["TASK_LEASE_SECONDS"] / 2)
    patience = Patience(config["TASK_DEADLINE_SECONDS"], config["TASK_GRACE_SECONDS"])
    bounds = PollerLimits(config["TASK_CONCURRENCY"], config["TASK_LEASE_SECONDS"], call_seconds)

    def make_driver(worker: str) -> JobSteps:
        return JobSteps(make_client(app, call_seconds), Breaker(), meters, patience, worker)

    poller = JobPoller(app, make_driver, engine, meters, bounds)
    engine.companions.append(poller_part.bind(app, poller))
    engine.broker.kinds.add(TopicKind(KIND, is_brief=True, authorizer=partial(why_not_watch, app)))
    app.register_blueprint(blueprint)


def make_client(app: Flask, seconds: float) -> TaskClient:
    """Of the service that the settings name, or of the one that is built into this very application."""
    config = app.config
    connections = config["TASK_CONCURRENCY"]
    if config["EXTERNAL_API_URL"]:
        return TaskClient(config["EXTERNAL_API_URL"], seconds, connections)
    return TaskClient(own_url(config["BIND"]), seconds, connections, clients.InternalToken().get)
