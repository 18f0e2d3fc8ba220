"""flask doctor"""

import json
from collections.abc import Callable, Iterator
from time import time

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import text

from app.cli.doctor import clocks
from app.cli.doctor.findings import Finding, Redaction, guarded
from app.extensions import db
from tests.cli.examined import examine
from tests.conftest import MakeApp
from tests.support.calls import new_name
from tests.support.fixtures import StartHub
from tests.support.hub import HubProcess
from tests.support.process import free_port
from tests.support.redis_sets import ClusterSet, SentinelSet
from tests.support.services import RedisServer
from tests.support.shell import shell

Run = Callable[..., Result]
Beside = Callable[..., Run]
SECRET = "a secret that is long enough and nobody's business"
PRODUCTION = {
    "APP_CONFIG": "production",
    "SECRET_KEY": SECRET,
    "JWT_SECRET_KEY": f"{SECRET} 2",
    "TASK_SERVICE": "embedded",
}


@pytest.fixture
def with_settings(make_app: MakeApp) -> Run:
    """`with_settings(REDIS_URL=…)(…)`; nothing serves at its BIND."""

    def start(**variables: str) -> Run:
        app = make_app(**({"BIND": f"127.0.0.1:{free_port()}"} | variables))
        return lambda *arguments: app.test_cli_runner().invoke(args=[str(it) for it in arguments])

    return start  # type: ignore[return-value]


def test_a_hub_that_is_well(shared_hub: HubProcess, here: Run) -> None:
    result = here("doctor")
    assert result.exit_code == 0, result.stdout
    for line in ("  ✓ migrations ", "  ✓ round trip ", "  ✓ ready ", "  ✓ parser "):
        assert line in result.stdout
    assert "✗" not in result.stdout and "\x1b" not in result.stdout
    name = new_name("Olga")
    here("user", "create", name, f"{name}@example.org", "--password", "x", "--operator")
    found = examine(here)
    assert found["hub/lag"].level == "ok" and found["hub/workers"].seen.startswith("1 answer, ")


def test_json(shared_hub: HubProcess, here: Run) -> None:
    said = json.loads(here("doctor", "--json").stdout)
    assert said["ok"] is True
    for check in said["checks"]:
        assert check.keys() == {"group", "level", "name", "seen", "advice"}
        assert check["seen"] and (check["level"] == "ok" or check["advice"].endswith(".")), check


def test_no_hub(with_settings: Callable[..., Run]) -> None:
    found = examine(with_settings())
    assert found.exit_code == 0 and "`make run`" in found["hub/ready"].advice


def test_a_hub_that_can_not_work(hub: StartHub, own_redis: RedisServer, beside: Beside) -> None:
    process = hub(redis_url=own_redis.url)
    run = beside(process)
    own_redis.stop()
    found = examine(run)
    assert found.exit_code == 1
    assert "can't be reached" in found["hub/ready"].seen and found.bad("broker") == {"round trip", "Redis"}


# The database


def test_without_tables(app: Flask, run: Run) -> None:
    with app.app_context():
        db.drop_all()
        with db.engine.begin() as connection:
            connection.execute(text("DROP TABLE alembic_version"))
    found = examine(run)
    assert found.exit_code == 1 and "db upgrade" in found["database/migrations"].advice


@pytest.mark.both_databases
def test_pending_migrations(app: Flask, run: Run) -> None:
    with app.app_context():
        downgrade(revision="-1")
    found = examine(run)["database/migrations"]
    assert (
        found.level == "failure"
        and found.seen.startswith("1 pending, from 0")
        and "db upgrade" in found.advice
    )


def test_a_newer_database(app: Flask, run: Run) -> None:
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert "9999, which this version does not know" in examine(run)["database/migrations"].seen


def test_sqlite(run: Run) -> None:
    found = examine(run)
    assert "journal mode wal" in found["database/SQLite"].seen and " free " in found["database/disk"].seen
    assert found.bad("database", "failure", "warning") == set()


def test_postgresql(with_settings: Callable[..., Run], postgres_url: str) -> None:
    found = examine(with_settings(DATABASE_URL=postgres_url, DATABASE_POOL_SIZE="500"))
    assert found["database/clock"].level == "ok"
    assert found["database/connections"].level == "warning"
    assert found["database/migrations"].seen == "there are no tables yet"


def test_a_database_that_is_away(with_settings: Callable[..., Run]) -> None:
    url = f"postgresql://hub:open-sesame@127.0.0.1:{free_port()}/hub?sslpassword=hidden-too"
    result = with_settings(DATABASE_URL=url)("doctor", "--json")
    assert result.exit_code == 1 and "open-sesame" not in result.stdout and "hidden-too" not in result.stdout
    found = [it for it in json.loads(result.stdout)["checks"] if it["group"] == "database"]
    assert [it["name"] for it in found] == ["reachable"] and "DATABASE_URL" in found[0]["advice"]


# The broker


def test_redis(with_settings: Callable[..., Run], own_redis: RedisServer) -> None:
    found = examine(with_settings(REDIS_URL=own_redis.url))
    assert found.bad("broker", "failure", "warning") == set()
    assert "publish to hear takes" in found["broker/round trip"].seen
    assert own_redis.client().dbsize() == 0


@pytest.mark.parametrize("name", ["sentinel_set", "cluster_set"])
def test_redis_in_sets(with_settings: Callable[..., Run], request: pytest.FixtureRequest, name: str) -> None:
    servers: SentinelSet | ClusterSet = request.getfixturevalue(name)
    found = examine(with_settings(REDIS_URL=servers.url, REDIS_PREFIX="doctor"))
    assert found["broker/round trip"].level == "ok"
    assert found.bad("broker") == set()


def test_a_redis_that_forgets(with_settings: Callable[..., Run], own_redis: RedisServer) -> None:
    run = with_settings(REDIS_URL=own_redis.url)
    own_redis.client().config_set("maxmemory-policy", "allkeys-lru")
    assert examine(run)["broker/memory"].level == "warning"
    own_redis.client().config_set("maxmemory", "100mb")
    found = examine(run)["broker/memory"]
    assert found.level == "failure" and "noeviction" in found.advice


def test_a_redis_that_is_a_replica(with_settings: Callable[..., Run], sentinel_set: SentinelSet) -> None:
    found = examine(with_settings(REDIS_URL=sentinel_set.replica.url))
    assert "A replica can't be written" in found["broker/Redis"].advice
    assert found["broker/round trip"].level == "failure"


def test_a_redis_that_does_not_answer(with_settings: Callable[..., Run], own_redis: RedisServer) -> None:
    run = with_settings(REDIS_URL=own_redis.url)
    own_redis.pause()
    assert examine(run).bad("broker") == {"round trip", "Redis"}


# The settings


def test_production_that_is_safe(with_settings: Callable[..., Run], app: Flask) -> None:
    url = app.config["DATABASE_URL"]
    safe = {"TRUSTED_PROXIES": "1", "ALLOW_REGISTRATION": "0"}
    found = examine(with_settings(**PRODUCTION, **safe, DATABASE_URL=url))
    assert found.bad("configuration", "failure", "warning") == set()


def test_production_that_is_not(with_settings: Callable[..., Run], app: Flask) -> None:
    app.test_cli_runner().invoke(args=["seed", "--demo"])
    unsafe = {"GATEWAY_AUTH": "open", "COOKIE_SECURE": "0", "RATELIMIT_ENABLED": "0"}
    run = with_settings(
        **PRODUCTION, **unsafe, PASSWORD_MIN_LENGTH="1", DATABASE_URL=app.config["DATABASE_URL"]
    )
    found = examine(run)
    assert found.bad("configuration") == {"gateway", "demo"}
    assert found.bad("configuration", "warning") == {"cookie", "limits", "accounts", "proxies"}
    assert SECRET not in run("doctor").stdout


def test_what_is_for_ones_own_machine_only(with_settings: Callable[..., Run]) -> None:
    found = examine(with_settings(BIND=f"0.0.0.0:{free_port()}"))
    assert {"settings", "accounts"} <= found.bad("configuration", "warning")
    assert {"secrets", "gateway"} <= found.bad("configuration")


def test_settings_that_can_not_be(hub: StartHub) -> None:
    """The hub refuses to start with them, with a reason."""
    result = shell(hub(start=False, workers=2), "doctor")
    assert result.returncode == 1 and "set REDIS_URL" in result.stderr and "Traceback" not in result.stderr


# The parts of checks


@pytest.mark.parametrize(
    ("offset", "level", "seen"),
    [
        (0, "ok", "as here, within 1.0 s"),
        (0.5, "ok", "500 ms ahead"),
        (-2, "warning", "2.0 s behind"),
        (60, "failure", "60 s ahead"),
    ],
)
def test_clocks(offset: float, level: str, seen: str) -> None:
    before = time()
    found = clocks.compared("clock", before + (offset if offset < 0 else offset + 1), before, before + 1)
    assert found.level == level and found.seen.startswith(seen)
    assert (found.level == "ok") == (not found.advice)


def test_secrets_are_taken_out_of_messages() -> None:
    hide = Redaction(["", "abc", "secret", "secret and more"])
    assert hide("abc: secret and more, secret") == "abc: ***, ***"


def test_a_check_that_breaks_ends_no_other() -> None:
    def check() -> Iterator[Finding]:
        yield Finding(clocks.fine("a", "b").level, "a", "b")
        raise KeyError("x")

    assert [finding.level for finding in guarded(check)] == ["ok", "failure"]
