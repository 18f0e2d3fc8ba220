"""The migrations and the models agree, in both databases."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from app.extensions import db

pytestmark = pytest.mark.both_databases
ROOT = Path(__file__).resolve().parent.parent


def differences() -> list[object]:
    """The operations that `flask db migrate` would write into a new revision."""
    with db.engine.connect() as connection:
        options = {"compare_type": True, "render_as_batch": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), db.metadata))


def test_nothing_is_pending(app: Flask) -> None:
    with app.app_context():
        assert differences() == []


def test_back_and_forth(app: Flask) -> None:
    with app.app_context():
        downgrade(revision="base")
        assert inspect(db.engine).get_table_names() == ["alembic_version"]
        upgrade()
        assert differences() == []


def test_leaves_the_connection_as_it_was(app: Flask) -> None:
    with app.app_context():
        upgrade()
        with db.engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                assert connection.scalar(text("PRAGMA foreign_keys")) == 1
                assert connection.scalar(text("PRAGMA busy_timeout")) == 20


def test_two_at_once(app: Flask, database_url: str, tmp_path: Path) -> None:
    with app.app_context():
        downgrade(revision="base")
    environment = {
        "PATH": os.environ["PATH"],
        "APP_CONFIG": "testing",
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(tmp_path),
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert "CREATE TABLE" not in "".join(outputs)
    with app.app_context():
        assert differences() == []
