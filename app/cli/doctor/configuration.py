"""Checks the settings: what they mean, and which are unsafe where other machines reach the hub."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import service as accounts
from app.auth.passwords import verify_password
from app.cli.doctor.findings import Finding, fine, judged, odd, wrong
from app.realtime.broker.redis.url import read_url
from app.seeding.demo import demo_users
from config.base import is_loopback

SECRETS = ("SECRET_KEY", "JWT_SECRET_KEY", "CLIENT_SECRET", "METRICS_TOKEN", "AI_API_KEY")
URLS = ("DATABASE_URL", "REDIS_URL")
PUBLIC_SECRET = "demo-secret-for-loopback"  # noqa: S105 - scripts/run gives it out


def secrets(config: dict[str, Any]) -> list[str]:
    """All values that must not be shown."""
    found = [str(config[name]) for name in SECRETS]
    for url in (config[name] for name in URLS):
        try:
            password, query = urlsplit(url).password or "", dict(parse_qsl(urlsplit(url).query))
        except ValueError:
            continue
        hidden = [value for name, value in query.items() if "password" in name]
        found += [password, unquote(password), *hidden]
    return found


def check() -> Iterator[Finding]:
    config = current_app.config
    is_open = not is_loopback(config["BIND"])
    workers = config["WEB_CONCURRENCY"]
    where = f"{config['NAME']}, on {config['BIND']}, {workers} worker{'s' if workers > 1 else ''}"
    advice = "APP_CONFIG=production is made for addresses that others reach; or bind to 127.0.0.1."
    yield judged("settings", where, advice, is_open and not config["IS_PRODUCTION"])
    yield _secrets(config, is_open)
    yield fine("database", _database(config["DATABASE_URL"]))
    yield _broker(config)
    if is_open or config["IS_PRODUCTION"]:
        yield from _exposed(config)
    yield _tasks(config)


def _secrets(config: dict[str, Any], is_open: bool) -> Finding:
    seen = [f"{name} {'set' if config[name] else 'not set'}" for name in SECRETS]
    if config["NAME"] == "testing" and is_open:
        return wrong("secrets", "those of the test suite, which are public", "Use APP_CONFIG=production.")
    if config["CLIENT_SECRET"] == PUBLIC_SECRET and is_open:
        return wrong("secrets", "CLIENT_SECRET is the public one of the demo", "Set another CLIENT_SECRET.")
    if config["SECRET_KEY"] == config["JWT_SECRET_KEY"]:
        return odd("secrets", "SECRET_KEY and JWT_SECRET_KEY are the same", "Give each a value of its own.")
    return fine("secrets", ", ".join(seen))


def _database(url: str) -> str:
    if url.startswith("sqlite"):
        path = url.partition(":///")[2]
        return f"SQLite, {path or 'in memory: it is gone with the process'}"
    parts = urlsplit(url)
    return f"PostgreSQL, {parts.path.strip('/')} at {parts.hostname}:{parts.port or 5432}"


def _broker(config: dict[str, Any]) -> Finding:
    if not config["REDIS_URL"]:
        return fine("events", "in the process: one worker, and what was not read is lost when it ends")
    found = read_url(config["REDIS_URL"])
    hosts = ", ".join(f"{it.host}:{it.port}" for it in found.addresses)
    if found.kind == "server":
        parts = urlsplit(found.server)
        hosts = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    kind = {"server": "one server", "sentinel": "Sentinels", "cluster": "a cluster"}[found.kind]
    return fine("events", f"through Redis ({kind}): {hosts}, keys begin with {config['REDIS_PREFIX']}:")


def _exposed(config: dict[str, Any]) -> Iterator[Finding]:
    """Settings that are acceptable only where no other machine reaches the hub."""
    if config["GATEWAY_AUTH"] == "open":
        yield wrong("gateway", "GATEWAY_AUTH=open: anybody may push and connect", "Set GATEWAY_AUTH=token.")
    if not config["COOKIE_SECURE"]:
        yield odd("cookie", "it travels over plain http too", "Set COOKIE_SECURE=1 and serve https.")
    if not config["RATELIMIT_ENABLED"]:
        yield odd("limits", "passwords can be tried without a limit", "Set RATELIMIT_ENABLED=1.")
    advice = "Set ALLOW_REGISTRATION=0 if accounts are to be made with `flask --app wsgi user create` only."
    registration = config["ALLOW_REGISTRATION"]
    yield judged(
        "accounts", "anybody may register" if registration else "made here only", advice, registration
    )
    if _has_demo():
        advice = "Delete them: `flask --app wsgi user delete alice`, and so on."
        yield wrong("demo", "users of the demo are here, whose passwords are public", advice)
    if not config["TRUSTED_PROXIES"]:
        advice = (
            "Behind nginx set TRUSTED_PROXIES=1: else all clients share the limits of one address, and the"
            " hub does not know that it is reached by https. `doctor --url` looks from outside."
        )
        yield odd("proxies", "TRUSTED_PROXIES=0: no X-Forwarded-… header is believed", advice)
    else:
        yield fine("proxies", f"the last {config['TRUSTED_PROXIES']} of them are believed")


def _has_demo() -> bool:
    try:
        for wanted in demo_users():
            found = accounts.find_user(wanted["name"])
            if found is not None and verify_password(found.password_hash, wanted["password"]):
                return True
    except SQLAlchemyError:
        pass  # app/cli/doctor/storage.py checks the database
    return False


def _tasks(config: dict[str, Any]) -> Finding:
    if config["EXTERNAL_API_URL"]:
        parts = urlsplit(config["EXTERNAL_API_URL"])
        return fine("tasks", f"done by {parts.scheme}://{parts.hostname}{parts.path}")
    provider = config["AI_PROVIDER"]
    model = f", with {config['AI_MODEL']}" if provider == "openai" else ", by rules: no model is used"
    return fine("tasks", f"done by the built-in service{model}")
