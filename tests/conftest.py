"""What every test may use. The patch comes first, as in wsgi.py."""

from gevent import monkey

monkey.patch_all()

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_migrate import upgrade
from hypothesis import settings

from app import create_app
from app.extensions import db
from config import load
from tests.support.routes import compile_each_route_once
from tests.support.services import create_database, drop_database

compile_each_route_once()
pytest_plugins = ["tests.support.fixtures", "tests.cast"]

# A machine that is busy is no failure; what must be fast has a benchmark.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MakeApp = Callable[..., Flask]

# What runs there is in other processes, which coverage does not see, or generated input, most of whose lines
# other tests run too. To measure it doubles the time that it takes.
NOT_MEASURED = ("browser", "clients", "e2e", "faults", "guides")
NOT_MEASURED_FILES = ("test_any_input.py", "test_never_500.py")
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        parts = item.path.relative_to(HERE).parts
        if parts[0] in NOT_MEASURED or parts[-1] in NOT_MEASURED_FILES:
            item.add_marker(pytest.mark.no_cover)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`@pytest.mark.both_databases` runs a test on SQLite and on PostgreSQL; `pooled` adds PostgreSQL behind
    PgBouncer."""
    if "database_url" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("both_databases")
        kinds = ["sqlite", "postgresql"] if both else ["sqlite"]
        if both and metafunc.definition.get_closest_marker("pooled"):
            kinds.append("pooled")
        metafunc.parametrize("database_url", kinds, indirect=True, ids=kinds if both else [""])


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file to copy."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    _migrate(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated, empty database to copy."""
    url = create_database(postgres)
    _migrate(url, tmp_path_factory.mktemp("template"))
    yield urlsplit(url).path[1:]
    drop_database(postgres, url)


def _migrate(url: str, instance: Path) -> None:
    app = create_app(load({"APP_CONFIG": "testing", "DATABASE_URL": url, "INSTANCE_PATH": str(instance)}))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database."""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        url = create_database(server, request.getfixturevalue("migrated_postgres"))
        yield url
        drop_database(server, url)
    elif request.param == "pooled":
        pooled: str = request.getfixturevalue("pooled_url")
        _migrate(pooled, tmp_path)
        yield pooled
    else:
        path = tmp_path / "hub.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        yield f"sqlite:///{path}"


@pytest.fixture
def make_app(database_url: str, tmp_path: Path) -> Iterator[MakeApp]:
    """Makes applications on the same fresh database; keyword arguments are environment variables."""
    made: list[Flask] = []

    def make(**variables: str) -> Flask:
        environment = {
            "APP_CONFIG": "testing",
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(tmp_path),
            **variables,
        }
        made.append(create_app(load(environment)))
        return made[-1]

    yield make
    for app in made:
        app.extensions["engine"].stop()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app()
