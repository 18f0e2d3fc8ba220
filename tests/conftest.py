"""What every test may use. The patch comes first, as in wsgi.py."""

from gevent import monkey

monkey.patch_all()

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade

from app import create_app
from app.extensions import db
from config import load

pytest_plugins = ["tests.support.fixtures", "tests.cast"]

MakeApp = Callable[..., Flask]


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


def _migrate(url: str, instance: Path) -> None:
    app = create_app(load({"APP_CONFIG": "testing", "DATABASE_URL": url, "INSTANCE_PATH": str(instance)}))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh migrated database."""
    if request.param in ("postgresql", "pooled"):
        fixture = "postgres_url" if request.param == "postgresql" else "pooled_url"
        url: str = request.getfixturevalue(fixture)
        _migrate(url, tmp_path)
        return url
    path = tmp_path / "hub.db"
    shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
    return f"sqlite:///{path}"


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
