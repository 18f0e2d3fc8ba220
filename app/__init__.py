"""The application factory: the only file that knows every part. Nothing connects before it is used."""

import logging
from functools import partial
from pathlib import Path

from flask import Flask, Response
from limits import parse as parse_rate
from werkzeug.middleware.proxy_fix import ProxyFix

from app import cli, errors
from app.accounts.routes.bearer import blueprint as accounts
from app.accounts.routes.cookie import blueprint as cookies
from app.accounts.routes.tickets import blueprint as stream_tickets
from app.apidocs.routes import blueprint as documents
from app.auth import clients, passwords, tickets
from app.auth.cache import Cache
from app.concepts import wiring as concepts
from app.console.routes import blueprint as console
from app.constellations.live import why_not_read
from app.constellations.routes import blueprint as constellations
from app.constellations.routes.updates import blueprint as updates
from app.extensions import db, jwt, migrate, sock
from app.gateway import access
from app.gateway.bots import PublicAccounts
from app.gateway.routes import blueprint as gateway
from app.gateway.service import Gateway
from app.notifications import inbox
from app.notifications.outbox_relay import OutboxRelay
from app.notifications.retention import Sweep
from app.notifications.routes.backend import blueprint as notifications
from app.notifications.routes.inbox import blueprint as inboxes
from app.ops import cluster, logs
from app.ops.health import blueprint as health
from app.ops.metrics import routes as metrics
from app.ops.open_files import connections_allowed
from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.net.takeover import ExposeResponse
from app.realtime.rechecks import SOCKET
from app.realtime.sockets.connection import SocketLimits
from app.tasks import embedded as tasks
from app.web import edge, limits
from app.web.headers import CommonHeaders
from app.web.json_provider import OrjsonProvider
from app.web.websocket import SERVER_OPTIONS
from config import Base, load

BLUEPRINTS = (
    *(accounts, cookies, stream_tickets),
    *(constellations, updates, gateway, notifications, inboxes, health),
)
MIGRATIONS = str(Path(__file__).resolve().parent.parent / "migrations")


def create_app(settings: Base | None = None) -> Flask:
    """The hub as one WSGI application; without settings, those of the environment."""
    settings = settings or load()
    Path(settings.INSTANCE_PATH).mkdir(parents=True, exist_ok=True)
    app = Flask(__name__, instance_path=settings.INSTANCE_PATH, static_folder=None)
    app.config.from_object(settings)
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    logs.init_app(app)
    _bind_extensions(app, settings)
    _make_engine(app, settings)
    limits.init_app(app)
    _trust_proxies(app, settings.TRUSTED_PROXIES)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    tasks.init_app(app)
    concepts.init_app(app)
    app.register_blueprint(documents)
    app.register_blueprint(console)
    errors.init_app(app)
    app.register_error_handler(BrokerUnavailable, _answer_broker_away)
    cli.init_app(app)
    passwords.prepare(app)
    return app


def _bind_extensions(app: Flask, settings: Base) -> None:
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
    edge.init_app(app, settings.CORS_ORIGINS)


def _make_engine(app: Flask, settings: Base) -> None:
    bounds = HistoryLimits(settings.HISTORY_SIZE, settings.HISTORY_SECONDS, settings.HISTORY_BYTES)
    engine = Engine(
        make_broker(settings.REDIS_URL, bounds, settings.REDIS_PREFIX),
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
            socket_bounds=_socket_bounds(settings),
        ),
    )
    engine.hub.on_end = logs.stream_ended
    engine.sockets.on_end = logs.socket_ended
    engine.rechecks.authorizers["constellation"] = partial(why_not_read, app)
    engine.rechecks.authorizers["inbox"] = partial(inbox.why_not_read, app)
    public = PublicAccounts(engine, settings.PUBLIC_ACCOUNTS)
    engine.rechecks.authorizers[SOCKET] = partial(access.why_not_connected, app, public)
    app.extensions["engine"] = engine
    app.extensions["gateway"] = Gateway(engine, public, settings.REPLY_TIMEOUT_SECONDS)
    app.extensions["courier"] = courier = OutboxRelay(app, engine, Sweep())
    engine.companions.append(courier)
    app.extensions["principals"] = Cache(engine)
    app.extensions["rights"] = Cache(engine)
    app.extensions["services"] = Cache(engine, clients.BELIEVED_SECONDS)
    tickets.init_app(app, engine)
    metrics.init_app(app, engine)
    cluster.init_app(app, engine)
    common = CommonHeaders(app.wsgi_app, trusts_proxies=settings.TRUSTED_PROXIES > 0)
    app.wsgi_app = ExposeResponse(common)  # type: ignore[method-assign]


def _socket_bounds(settings: Base) -> SocketLimits:
    rate = parse_rate(settings.WS_RATE)
    return SocketLimits(
        settings.SUBSCRIBER_BUFFER_BYTES,
        settings.MAX_FRAME_BYTES,
        rate.amount / rate.get_expiry(),
        rate.amount,
        settings.WS_PING_SECONDS,
        settings.WS_PONG_SECONDS,
    )


def _trust_proxies(app: Flask, count: int) -> None:
    """Anybody can send X-Forwarded-…; only what the last `count` of them wrote is believed."""
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count
        )


def _answer_broker_away(error: BrokerUnavailable) -> Response:
    logging.getLogger(__name__).warning("broker unavailable: %s", error)
    return errors.answer(errors.Unavailable("The message broker is unavailable, try again"))
