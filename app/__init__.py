"""The application factory: the only file that knows every part. Nothing connects before it is used."""

import logging
from pathlib import Path

from flask import Flask, Response
from limits import parse as parse_rate

from app import cli, errors
from app.accounts import wiring as accounts
from app.apidocs import wiring as apidocs
from app.auth import wiring as auth
from app.concepts import wiring as concepts
from app.console import wiring as console
from app.constellations import wiring as constellations
from app.extensions import db, engine_part, jwt, migrate, sock
from app.gateway import wiring as gateway
from app.notifications import wiring as notifications
from app.ops import logs
from app.ops import wiring as ops
from app.ops.open_files import connections_allowed
from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.sockets.connection import SocketLimits
from app.tasks import wiring as tasks
from app.web import wiring as web
from app.web.websocket import SERVER_OPTIONS
from config import Base, load

AREAS = (auth, accounts, constellations, gateway, notifications, tasks, concepts, ops, apidocs, console, cli)
MIGRATIONS = str(Path(__file__).resolve().parent.parent / "migrations")


def create_app(settings: Base | None = None) -> Flask:
    """The hub as one WSGI application; without settings, those of the environment."""
    settings = settings or load()
    Path(settings.INSTANCE_PATH).mkdir(parents=True, exist_ok=True)
    app = Flask(__name__, instance_path=settings.INSTANCE_PATH, static_folder=None)
    app.config.from_object(settings)
    logs.init_app(app)
    _bind_extensions(app)
    engine_part.bind(app, _make_engine(settings))
    web.init_app(app)
    for area in AREAS:  # their companions drain in this order; ops shows counters of those before it
        area.init_app(app)
    web.wrap(app)
    errors.init_app(app)
    app.register_error_handler(BrokerUnavailable, _answer_broker_away)
    return app


def _bind_extensions(app: Flask) -> None:
    app.config.update(
        JWT_ENCODE_NBF=False,
        JWT_COOKIE_CSRF_PROTECT=False,  # foreign pages are kept out by their Origin
        JWT_TOKEN_LOCATION=["headers"],  # the hub finds tokens itself, see auth/principal.py
        SQLALCHEMY_TRACK_MODIFICATIONS=False,
        SOCK_SERVER_OPTIONS=SERVER_OPTIONS,
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=MIGRATIONS)
    jwt.init_app(app)
    sock.init_app(app)


def _make_engine(settings: Base) -> Engine:
    history = HistoryLimits(settings.HISTORY_SIZE, settings.HISTORY_SECONDS, settings.HISTORY_BYTES)
    return Engine(
        make_broker(settings.REDIS_URL, history, settings.REDIS_PREFIX),
        EngineSettings(
            heartbeat_seconds=settings.HEARTBEAT_SECONDS,
            buffer_bytes=settings.SUBSCRIBER_BUFFER_BYTES,
            max_streams=settings.MAX_STREAMS,
            max_sockets=settings.MAX_SOCKETS,
            max_open=connections_allowed(settings.MAX_STREAMS + settings.MAX_SOCKETS),
            recheck_seconds=settings.RECHECK_SECONDS,
            outbox_events=settings.OUTBOX_EVENTS,
            presence_lease_seconds=settings.PRESENCE_LEASE_SECONDS,
            hands_over=settings.STREAM_WRITER == "poller",
            socket_limits=_socket_limits(settings),
        ),
    )


def _socket_limits(settings: Base) -> SocketLimits:
    rate = parse_rate(settings.WS_RATE)
    return SocketLimits(
        settings.SUBSCRIBER_BUFFER_BYTES,
        settings.MAX_FRAME_BYTES,
        rate.amount / rate.get_expiry(),
        rate.amount,
        settings.WS_PING_SECONDS,
        settings.WS_PONG_SECONDS,
    )


def _answer_broker_away(error: BrokerUnavailable) -> Response:
    logging.getLogger(__name__).warning("broker unavailable: %s", error)
    return errors.answer(errors.Unavailable("The message broker is unavailable, try again"))
