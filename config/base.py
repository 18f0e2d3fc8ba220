"""The settings that every configuration shares. Upper-case attributes become Flask settings of the same
name."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from config.environment import Environment
from config.redis_url import redis_problem

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("postgresql+psycopg2://", "sqlite:///")
# Names of libpq. With these the client notices within 25 seconds that the server is unreachable.
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
LOOPBACK_ORIGIN = r"^https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$"


class Base:
    """Sizes are bytes and times are seconds, unless a name says otherwise."""

    NAME = "base"
    DEBUG = False
    TESTING = False
    IS_PRODUCTION = False
    PASSWORD_METHOD = "scrypt"  # noqa: S105

    def __init__(self, variables: Mapping[str, str]) -> None:
        env = Environment(variables)
        self.INSTANCE_PATH = str(Path(env.text("INSTANCE_PATH", str(ROOT / "instance"))).resolve())
        self._read_process(env)
        self._read_storage(env)
        self._read_security(env)
        self._read_streams(env)
        self._read_gateway(env)
        self._read_sockets(env)
        self._read_limits(env)
        self._read_tasks(env)
        self._read_concepts(env)
        self.read(env)
        self._check_workers(env)
        env.check()

    def read(self, env: Environment) -> None:
        """Settings and checks of one configuration."""

    def _read_process(self, env: Environment) -> None:
        self.BIND = env.text("BIND", "127.0.0.1:8000")
        self.WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 1, least=1)
        self.MAX_BODY_BYTES = env.number("MAX_BODY_BYTES", 1024 * 1024, least=1)
        self.MAX_CONTENT_LENGTH = self.MAX_BODY_BYTES
        self.ACCESS_LOG = env.flag("ACCESS_LOG", self.IS_PRODUCTION)
        self.LOG_FORMAT = env.choice("LOG_FORMAT", "json" if self.IS_PRODUCTION else "text", ("json", "text"))
        self.BODY_SECONDS = env.number("BODY_SECONDS", 30, least=1)
        self.TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)

    def _read_storage(self, env: Environment) -> None:
        default = f"sqlite:///{self.INSTANCE_PATH}/hub.db"
        self.DATABASE_URL = env.secret("DATABASE_URL") or default
        self.SQLALCHEMY_DATABASE_URI = psycopg2_url(self.DATABASE_URL)
        self.SQLALCHEMY_ENGINE_OPTIONS = engine_options(env, self.SQLALCHEMY_DATABASE_URI)
        self.DATABASE_SECONDS = env.number("DATABASE_SECONDS", 30, least=1)
        self.SQLITE_BUSY_SECONDS = env.number("SQLITE_BUSY_SECONDS", 5, least=1)
        self.MESSAGE_RETENTION_DAYS = env.number("MESSAGE_RETENTION_DAYS", 30)
        self.REDIS_URL = env.secret("REDIS_URL")
        self.REDIS_PREFIX = env.text("REDIS_PREFIX", "hub")
        if not self.SQLALCHEMY_DATABASE_URI.startswith(DATABASES):
            env.problems.append("DATABASE_URL must start with postgresql:// or sqlite:///")
        problem = redis_problem(self.REDIS_URL) if self.REDIS_URL else None
        if problem:
            env.problems.append(problem)

    def _read_security(self, env: Environment) -> None:
        self.SECRET_KEY = env.secret("SECRET_KEY")
        self.JWT_SECRET_KEY = env.secret("JWT_SECRET_KEY")
        self.ACCESS_TOKEN_SECONDS = env.number("ACCESS_TOKEN_SECONDS", 12 * 3600, least=1)
        self.COOKIE_TOKEN_SECONDS = env.number("COOKIE_TOKEN_SECONDS", 7 * 24 * 3600, least=1)
        self.SUBSCRIBER_TOKEN_SECONDS = env.number("SUBSCRIBER_TOKEN_SECONDS", 3600, least=1)
        self.GATEWAY_AUTH = env.choice(
            "GATEWAY_AUTH", "token" if self.IS_PRODUCTION else "open", ("open", "token")
        )
        self.ALLOW_REGISTRATION = env.flag("ALLOW_REGISTRATION", True)
        self.PASSWORD_MIN_LENGTH = env.number("PASSWORD_MIN_LENGTH", 8 if self.IS_PRODUCTION else 1, least=1)
        self.CLIENT_ID = env.text("CLIENT_ID")
        self.CLIENT_SECRET = env.secret("CLIENT_SECRET")
        self.CORS_ORIGINS = env.items("CORS_ORIGINS")
        self.METRICS_TOKEN = env.secret("METRICS_TOKEN")
        self.COOKIE_SECURE = env.flag("COOKIE_SECURE", self.IS_PRODUCTION)
        if bool(self.CLIENT_ID) != bool(self.CLIENT_SECRET):
            env.problems.append("CLIENT_ID and CLIENT_SECRET must be set together")
        if len(self.CLIENT_ID) > 64:
            env.problems.append("CLIENT_ID is longer than 64 characters")
        if "*" in self.CORS_ORIGINS:
            env.problems.append("CORS_ORIGINS must name its origins: '*' can't be used with credentials")

    def _read_streams(self, env: Environment) -> None:
        self.HEARTBEAT_SECONDS = env.number("HEARTBEAT_SECONDS", 15, least=1)
        self.HISTORY_SIZE = env.number("HISTORY_SIZE", 1000, least=1)
        self.HISTORY_SECONDS = env.number("HISTORY_SECONDS", 3600, least=1)
        self.HISTORY_BYTES = env.number("HISTORY_BYTES", 8 * 1024 * 1024, least=1)
        self.SUBSCRIBER_BUFFER_BYTES = env.number("SUBSCRIBER_BUFFER_BYTES", 1024 * 1024, least=1)
        self.MAX_STREAMS = env.number("MAX_STREAMS", 15000, least=1)
        self.STREAM_WRITER = env.choice("STREAM_WRITER", "poller", ("poller", "generator"))
        self.RECHECK_SECONDS = env.number("RECHECK_SECONDS", 300, least=1)
        self.OUTBOX_EVENTS = env.number("OUTBOX_EVENTS", 1000, least=1)
        self.PRESENCE_LEASE_SECONDS = env.number("PRESENCE_LEASE_SECONDS", 30, least=3)
        self.NOTIFY_MIN_RIGHTS = env.choice(
            "NOTIFY_MIN_RIGHTS", "READ", ("READ", "COMMENT", "WRITE", "ADMIN")
        )

    def _read_gateway(self, env: Environment) -> None:
        self.PUBLIC_ACCOUNTS = env.items("PUBLIC_ACCOUNTS")
        if not all(re.fullmatch(r"[A-Za-z0-9_]+", name) for name in self.PUBLIC_ACCOUNTS):
            env.problems.append(
                "PUBLIC_ACCOUNTS may only have letters, digits and underscores: others can't be mentioned"
            )
        self.REPLY_TIMEOUT_SECONDS = env.number("REPLY_TIMEOUT_SECONDS", 30, least=1)

    def _read_sockets(self, env: Environment) -> None:
        self.MAX_SOCKETS = env.number("MAX_SOCKETS", 15000, least=1)
        self.MAX_FRAME_BYTES = env.number("MAX_FRAME_BYTES", 1024 * 1024, least=1)
        self.WS_PING_SECONDS = env.number("WS_PING_SECONDS", 25, least=1)
        self.WS_PONG_SECONDS = env.number("WS_PONG_SECONDS", 10, least=1)
        self.WS_RATE = env.rate("WS_RATE", "1000/second")

    def _read_limits(self, env: Environment) -> None:
        self.RATELIMIT_ENABLED = env.flag("RATELIMIT_ENABLED", self.IS_PRODUCTION)
        self.RATELIMIT_LOGIN = env.rate("RATELIMIT_LOGIN", "10/minute")
        self.RATELIMIT_LOGIN_ADDRESS = env.rate("RATELIMIT_LOGIN_ADDRESS", "100/minute")
        self.RATELIMIT_CREDENTIALS = env.rate("RATELIMIT_CREDENTIALS", "30/minute")
        self.RATELIMIT_PUBLISH = env.rate("RATELIMIT_PUBLISH", "200/second")
        self.RATELIMIT_STREAMS = env.rate("RATELIMIT_STREAMS", "50/second")

    def _read_tasks(self, env: Environment) -> None:
        self.EXTERNAL_API_URL = env.text("EXTERNAL_API_URL")
        self.TASK_SERVICE = env.text("TASK_SERVICE")
        self.TASK_WORKERS = env.number("TASK_WORKERS", 4, least=1)
        self.TASK_QUEUE = env.number("TASK_QUEUE", 1000, least=1)
        self.TASK_DEADLINE_SECONDS = env.number("TASK_DEADLINE_SECONDS", 600, least=1)
        self.TASK_LEASE_SECONDS = env.number("TASK_LEASE_SECONDS", 30, least=3)
        self.TASK_KEEP_SECONDS = env.number("TASK_KEEP_SECONDS", 7 * 24 * 3600, least=1)
        self.AI_PROVIDER = env.choice("AI_PROVIDER", "local", ("local", "openai"))
        self.AI_BASE_URL = env.text("AI_BASE_URL")
        self.AI_API_KEY = env.secret("AI_API_KEY")
        self.AI_MODEL = env.text("AI_MODEL")
        self.AI_SECONDS = env.number("AI_SECONDS", 120, least=1)
        env.problems += tasks_problems(self)

    def _read_concepts(self, env: Environment) -> None:
        self.TASK_CONCURRENCY = env.number("TASK_CONCURRENCY", 8, least=1)
        self.TASK_TIMEOUT_SECONDS = env.number("TASK_TIMEOUT_SECONDS", 10, least=1)
        self.TASK_GRACE_SECONDS = env.number("TASK_GRACE_SECONDS", 30)
        if self.TASK_LEASE_SECONDS > 30:
            env.problems.append("TASK_LEASE_SECONDS must be 30 at most: a crash delays tasks for so long")
        if not self.EXTERNAL_API_URL and self.BIND.startswith("unix:"):
            env.problems.append(
                "BIND is a Unix socket, where the hub can't call its own task service:"
                " set BIND to an address and port, or EXTERNAL_API_URL"
            )

    def _check_workers(self, env: Environment) -> None:
        problem = workers_problem(self.WEB_CONCURRENCY, self.REDIS_URL)
        if problem:
            env.problems.append(problem)


def tasks_problems(settings: Base) -> list[str]:
    """Problems of the settings without which no task can be done."""
    problems = []
    addresses = {"EXTERNAL_API_URL": settings.EXTERNAL_API_URL, "AI_BASE_URL": settings.AI_BASE_URL}
    for name, address in addresses.items():
        if address and not is_http_url(address):
            problems.append(f"{name} must be a URL that starts with http:// or https://")
    if settings.TASK_SERVICE not in {"", "embedded"}:
        problems.append(f"TASK_SERVICE is '{settings.TASK_SERVICE}'; it must be embedded, or empty")
    if settings.EXTERNAL_API_URL:
        return problems
    if settings.IS_PRODUCTION and settings.TASK_SERVICE != "embedded":
        problems.append(
            "EXTERNAL_API_URL must be set in production (the AI service that does the tasks),"
            " or TASK_SERVICE=embedded for the one that is built in"
        )
    if settings.AI_PROVIDER == "openai":
        problems += [
            f"{name} must be set for AI_PROVIDER=openai"
            for name in ("AI_BASE_URL", "AI_API_KEY", "AI_MODEL")
            if not getattr(settings, name)
        ]
    return problems


def is_http_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def workers_problem(workers: int, redis_url: str) -> str | None:
    """The reason why this number of workers can't run together; None when it can."""
    if workers > 1 and not redis_url:
        return (
            f"{workers} workers need Redis between them: set REDIS_URL (for example"
            " redis://127.0.0.1:6379/0), or WEB_CONCURRENCY=1 for the in-process broker"
        )
    return None


def psycopg2_url(url: str) -> str:
    """The URL with the name of the installed driver: SQLAlchemy's default for postgresql:// may be another
    one."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg2://" + url[len(scheme) :]
    return url


def engine_options(env: Environment, url: str) -> dict[str, object]:
    """Pool sizes are per worker. Logged errors do not show the values of statements."""
    options: dict[str, object] = {
        "hide_parameters": True,
        "pool_size": env.number("DATABASE_POOL_SIZE", 10, least=1),
        "max_overflow": env.number("DATABASE_POOL_OVERFLOW", 5),
        "pool_timeout": env.number("DATABASE_POOL_SECONDS", 5, least=1),
    }
    if url.endswith((":///", ":memory:")):
        return {}  # a database in memory exists only in its one connection
    if url.startswith("sqlite"):
        return options  # app/db/session.py waits for its lock
    connect = {"application_name": "hub", **KEEPALIVES}
    return {**options, "pool_pre_ping": True, "pool_recycle": 1800, "connect_args": connect}


def own_url(bind: str) -> str:
    """The URL at which this machine reaches a server that listens at `bind`."""
    host, _, port = bind.rpartition(":")
    if not port.isdigit():
        host, port = bind, "8000"  # gunicorn's own default
    everywhere = {"", "0.0.0.0", "[::]"}  # noqa: S104
    return f"http://{'127.0.0.1' if host in everywhere else host}:{port}"


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach a server that listens at `bind`."""
    host = bind.rpartition(":")[0].strip("[]")
    return bind.startswith("unix:") or host in {"localhost", "::1"} or host.startswith("127.")
