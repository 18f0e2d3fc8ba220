"""The area put together: its routes, its streams' authorizer, and the job poller of each worker."""

from functools import partial

from flask import Flask

from app.apidocs.describe import tag
from app.auth import clients
from app.concepts.breaker import Breaker
from app.concepts.client import TaskClient
from app.concepts.job_poller import JobPoller, PollerLimits, poller_part
from app.concepts.job_steps import JobSteps, TaskTiming
from app.concepts.live import KIND, why_not_watch
from app.concepts.meters import TaskMeters, task_meters_part
from app.concepts.routes import blueprint
from app.extensions import engine_part
from app.realtime.topics import TopicKind
from config.base import own_url

tag(
    "Concepts",
    "An advertisement's image, described by an external AI service: a long task, watched to its end.",
    blueprint,
)


def init_app(app: Flask) -> None:
    """Serves `/api/ad-concepts`; each worker polls tasks from its start or its first request on."""
    config, engine = app.config, engine_part.of(app)
    meters = task_meters_part.bind(app, TaskMeters())
    call_seconds = min(config["TASK_TIMEOUT_SECONDS"], config["TASK_LEASE_SECONDS"] / 2)
    timing = TaskTiming(config["TASK_DEADLINE_SECONDS"], config["TASK_GRACE_SECONDS"])
    limits = PollerLimits(config["TASK_CONCURRENCY"], config["TASK_LEASE_SECONDS"], call_seconds)

    def make_steps(worker: str) -> JobSteps:
        return JobSteps(make_client(app, call_seconds), Breaker(), meters, timing, worker)

    poller = JobPoller(app, make_steps, engine, meters, limits)
    engine.companions.append(poller_part.bind(app, poller))
    engine.broker.kinds.add(TopicKind(KIND, is_brief=True, authorizer=partial(why_not_watch, app)))
    app.register_blueprint(blueprint)


def make_client(app: Flask, seconds: float) -> TaskClient:
    """For the service that the settings name, or for the one that is built into this application."""
    config = app.config
    connections = config["TASK_CONCURRENCY"]
    if config["EXTERNAL_API_URL"]:
        return TaskClient(config["EXTERNAL_API_URL"], seconds, connections)
    return TaskClient(own_url(config["BIND"]), seconds, connections, clients.InternalToken().get)
