"""Runs alembic on the application's engine: in one transaction, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from alembic.operations import MigrationScript
from alembic.runtime.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection, func, select
from sqlalchemy.engine import Engine

# A number that no other advisory lock in the database has.
LOCK = 7_283_412
BUSY_MILLISECONDS = 30_000

migrate = current_app.extensions["migrate"]
current_app.config["DATABASE_SECONDS"] = None  # no time limit for migrations
settings = {**migrate.configure_args, "target_metadata": migrate.db.metadata}


def leave_out_empty(_context: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
    """`flask db migrate` writes no revision when the models have not changed."""
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives:
        operations = directives[0].upgrade_ops
        if operations is not None and operations.is_empty():
            directives[:] = []


def upgrade_offline() -> None:
    """`--sql`: prints the statements instead of running them."""
    url = migrate.db.engine.url.render_as_string(hide_password=True)
    context.configure(url=url, literal_binds=True, **settings)
    with context.begin_transaction():
        context.run_migrations()


def upgrade_online(engine: Engine) -> None:
    with engine.connect() as plain, prepared(plain) as connection:
        context.configure(
            connection=connection,
            transactional_ddl=True,
            process_revision_directives=leave_out_empty,
            **settings,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
            context.run_migrations()


@contextmanager
def prepared(connection: Connection) -> Iterator[Connection]:
    """For SQLite: waits for other writers, and lets batch mode replace a table without deleting the rows that refer
    to it.

    Both are settings of the connection, which can't be changed inside a transaction, as SQLAlchemy begins one.
    """
    raw = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or raw is None:
        yield connection
        return
    cursor = raw.cursor()
    (busy,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA foreign_keys=OFF")
    try:
        yield connection.execution_options(hub_writes=True)
    finally:
        connection.rollback()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={busy}")


if context.is_offline_mode():
    upgrade_offline()
else:
    upgrade_online(migrate.db.engine)
