"""Checks the database: can it be reached, how fast, are its migrations complete, and is there free space."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, time

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.cli.doctor import clocks
from app.cli.doctor.findings import Finding, fine, first_line, judged, odd, wrong
from app.cli.terminal import amount, duration
from app.db.clock import unix_now
from app.extensions import db

SLOW_SECONDS = 0.05
ROUNDS = 5
LITTLE_BYTES, TOO_LITTLE_BYTES = 1 << 30, 64 << 20
UPGRADE = "Run `flask --app wsgi db upgrade`."


def check() -> Iterator[Finding]:
    try:
        with db.engine.connect() as connection:
            yield _round_trip(connection)
            kind = connection.dialect.name
            yield from (_sqlite if kind == "sqlite" else _postgresql)(connection)
            yield _migrations(connection)
            if kind != "sqlite":
                yield _clock(connection)
    except (DBAPIError, PoolTimeout) as error:
        cause = getattr(error, "orig", None) or error
        yield wrong("reachable", first_line(cause), "Check that it runs and that DATABASE_URL names it.")


def _round_trip(connection: Connection) -> Finding:
    times = []
    for _ in range(ROUNDS):
        began = monotonic()
        connection.execute(text("SELECT 1"))
        times.append(monotonic() - began)
    median = sorted(times)[ROUNDS // 2]
    advice = "Every request pays that several times: bring the database nearer to the hub."
    return judged("reachable", f"a round trip takes {duration(median)}", advice, median > SLOW_SECONDS)


def _sqlite(connection: Connection) -> Iterator[Finding]:
    version = connection.scalar(text("SELECT sqlite_version()"))
    mode = str(connection.scalar(text("PRAGMA journal_mode")))
    path = connection.engine.url.database
    if not path or path == ":memory:":
        yield odd("SQLite", f"{version}, in memory", "DATABASE_URL=sqlite:///path keeps what it knows.")
        return
    advice = "A file system that is shared over a network can't do it: move the file to a local disk."
    yield judged("SQLite", f"{version}, journal mode {mode}", advice, mode != "wal")
    file = Path(path)
    if not os.access(file, os.W_OK) or not os.access(file.parent, os.W_OK):
        yield wrong("file", f"{file} can't be written", "Give the hub's user the file and its folder.")
    yield _disk(file)


def _disk(file: Path) -> Finding:
    usage = shutil.disk_usage(file.parent)
    size = amount(file.stat().st_size) if file.exists() else "nothing"
    seen = f"{size} used by {file.name}, {amount(usage.free)} free beside it"
    if usage.free < TOO_LITTLE_BYTES:
        return wrong("disk", seen, "Make room: a full disk fails every write.")
    advice = "Make room; `flask --app wsgi prune` deletes what ran out."
    return judged("disk", seen, advice, usage.free < LITTLE_BYTES)


def _postgresql(connection: Connection) -> Iterator[Finding]:
    version = connection.scalar(text("SHOW server_version"))
    if connection.scalar(text("SELECT pg_is_in_recovery()")):
        yield wrong("PostgreSQL", f"{version}, a replica", "It can't be written: name the primary.")
        return
    yield fine("PostgreSQL", str(version))
    config, options = current_app.config, current_app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    most = int(str(connection.scalar(text("SHOW max_connections"))))
    each = options["pool_size"] + options["max_overflow"]
    wanted = config["WEB_CONCURRENCY"] * each
    used = connection.scalar(text("SELECT count(*) FROM pg_stat_activity"))
    seen = f"the pools here may open {wanted}, the server allows {most} and has {used}"
    advice = (
        "Raise max_connections, lower DATABASE_POOL_SIZE or DATABASE_POOL_OVERFLOW, or put PgBouncer between"
        " (docs/operate/sizing.md)."
    )
    yield judged("connections", seen, advice, wanted > most * 0.9)


def _migrations(connection: Connection) -> Finding:
    config = Config()
    config.set_main_option("script_location", current_app.extensions["migrate"].directory)
    script = ScriptDirectory.from_config(config)
    wanted, found = script.get_current_head(), MigrationContext.configure(connection).get_current_revision()
    if found == wanted:
        return fine("migrations", f"up to date ({wanted})")
    if found is None:
        return wrong("migrations", "there are no tables yet", UPGRADE)
    known = [revision.revision for revision in script.walk_revisions()]
    if found not in known:
        advice = "A newer hub has changed it: deploy that version, or restore a backup from before."
        return wrong("migrations", f"it is at {found}, which this version does not know", advice)
    return wrong("migrations", f"{known.index(found)} pending, from {found} to {wanted}", UPGRADE)


def _clock(connection: Connection) -> Finding:
    before = time()
    theirs = connection.scalar(select(unix_now()))
    return clocks.compared("clock", float(theirs or 0), before, time())
