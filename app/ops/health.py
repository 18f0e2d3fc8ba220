"""`/health…`: liveness, readiness, and the number of connections."""

from collections.abc import Callable
from time import monotonic

import gevent
from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import text as sql
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app import errors
from app.apidocs.describe import describe
from app.apidocs.errors import RETRY_AFTER
from app.apidocs.json_schema import Object, array, exactly, text, whole
from app.apidocs.operation import ApiResponse, ok
from app.extensions import db, engine
from app.ops.connections import count_connections
from app.realtime.broker.base import BrokerUnavailable

blueprint = Blueprint("health", __name__)

CHECK_SECONDS = 3.0
TICK_LATE_SECONDS = 5.0

BROKER_AWAY = "The broker can't be reached: check that Redis runs and that REDIS_URL names it"
HEALTH = Object(
    "Health",
    {
        "status": exactly("healthy"),
        "connections": whole(12, "Users connected to the gateway, over the whole cluster"),
        "uptime": exactly("running"),
    },
)
LIVE = Object("Live", {"status": exactly("live")})
READY = Object("Ready", {"status": exactly("ready"), "checks": array(text("database"))})
FAILING = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "examples": [{"broker": BROKER_AWAY}],
}
NOT_READY = Object("NotReady", {"error": text(BROKER_AWAY), "status": exactly(503), "failing": FAILING})


@blueprint.get("/health")
@describe(summary="How many are connected", answers={200: ok(HEALTH)})
def health() -> ResponseReturnValue:
    """In the form of the gateway family: the number of connected users of the whole cluster."""
    return jsonify(status="healthy", connections=count_connections(), uptime="running")


@blueprint.get("/health/live")
@describe(summary="The process answers", answers={200: ok(LIVE)})
def live() -> ResponseReturnValue:
    return jsonify(status="live")


@blueprint.get("/health/ready")
@describe(
    summary="Whether every part works",
    answers={200: ok(READY)},
    errors={503: ApiResponse(description="A part does not work", schema=NOT_READY, headers=RETRY_AFTER)},
)
def ready() -> ResponseReturnValue:
    """200 when every part works; 503 with one sentence for each failing part, which says what to do."""
    engine.start()
    checks: dict[str, Callable[[], str | None]] = {
        "database": _check_database,
        "broker": _check_broker,
        "listener": _check_listener,
        "canary": _check_canary,
        "worker": _check_worker,
    }
    failing = {name: problem for name, check in checks.items() if (problem := check()) is not None}
    if failing:
        body = errors.body("; ".join(failing.values()), 503, failing=failing)
        return jsonify(body), 503, {"Retry-After": "2"}
    return jsonify(status="ready", checks=list(checks))


def _check_database() -> str | None:
    try:
        with gevent.Timeout(CHECK_SECONDS):
            db.session.execute(sql("SELECT 1"))
            db.session.execute(sql("SELECT 1 FROM users LIMIT 1"))
    except PoolTimeout:
        db.session.rollback()
        return "The database has no free connection: check what is slow in it, and DATABASE_POOL_SIZE"
    except SQLAlchemyError as error:
        db.session.rollback()
        if errors.is_database_away(error) and "no such table" not in str(error):
            return "The database can't be reached: check that it runs and that DATABASE_URL names it"
        return "The database has no tables yet: run `flask --app wsgi db upgrade`"
    except gevent.Timeout:
        db.session().invalidate()
        return f"The database did not answer within {CHECK_SECONDS:.0f} s: check its load and DATABASE_URL"
    return None


def _check_broker() -> str | None:
    try:
        engine.broker.ping()
    except BrokerUnavailable:
        return BROKER_AWAY
    return None


def _check_listener() -> str | None:
    if not engine.broker.is_connected:
        return "This worker does not hear the broker; it tries to connect again by itself"
    return None


def _check_canary() -> str | None:
    if engine.canary.is_late:
        return (
            f"No event came through the broker to this worker for {engine.canary.age:.0f} s; it connects anew"
            " by itself: if this lasts, check that REDIS_URL leads every connection to the same Redis"
        )
    return None


def _check_worker() -> str | None:
    is_alive = engine.dispatcher.is_alive and engine.writer.epoll_writer.is_alive and engine.sockets.is_alive
    if not is_alive or monotonic() - engine.ticker.ticked_at > TICK_LATE_SECONDS:
        return "The worker's dispatcher, pollers or timers stand still: restart it"
    return None
