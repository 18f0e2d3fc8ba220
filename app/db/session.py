"""Both databases under gevent: SQLite is made safe for greenlets, psycopg2 yields to them."""

import random
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any, TypeVar

import orjson
import psycopg2
import psycopg2.extensions
from flask import current_app, has_app_context
from gevent import socket as gevent_socket
from sqlalchemy import ARRAY, Connection, Executable, Select, Text, bindparam, cast, event, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError, NoResultFound, OperationalError
from sqlalchemy.orm import Session

from app.errors import Unavailable
from app.extensions import db

Result = TypeVar("Result")

CONNECT_SECONDS = 5
ATTEMPTS = 5
# Options of an UPDATE or DELETE after which no object of the session is used.
UNSYNCHRONIZED = {"synchronize_session": False}
# One writer at a time in this process. SQLite has one write lock for the whole file, and waiting for it
# inside the C library would block every greenlet of the worker.
_sqlite_writer = threading.RLock()


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # SQLAlchemy's "begin" event below opens transactions
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=20")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        immediate = connection.get_execution_options().get("hub_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """One write transaction: committed at the end, rolled back by any exception.

    Never yield to another greenlet inside it: no I/O but the database's. Rows that were read before belong to
    an older snapshot: read those that the write depends on again. Raises OperationalError when SQLite stays
    locked for `SQLITE_BUSY_SECONDS`.
    """
    session = db.session()
    session.rollback()
    if db.engine.dialect.name != "sqlite":
        with _committed(session):
            yield session
        return
    with _sqlite_writer:
        _begin_writing(session)
        with _committed(session):
            yield session


def retried(work: Callable[[Session], Result]) -> Result:
    """Runs `work` in a transaction and returns its result. Tries again, up to `ATTEMPTS` times, where other
    transactions delete rows that it read or insert rows that it missed: then `one()` or a constraint raises.
    Raises Unavailable after the last attempt."""
    for _ in range(ATTEMPTS):
        try:
            with transaction() as session:
                return work(session)
        except (IntegrityError, NoResultFound):
            continue
    raise Unavailable()


@contextmanager
def _committed(session: Session) -> Iterator[None]:
    try:
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise


def _begin_writing(session: Session) -> None:
    """Takes SQLite's write lock. Another process may hold it: the greenlet sleeps between attempts."""
    deadline = monotonic() + current_app.config["SQLITE_BUSY_SECONDS"]
    while True:
        try:
            session.connection(execution_options={"hub_writes": True})
            return
        except OperationalError as error:
            session.rollback()
            if "locked" not in str(error.orig) or monotonic() > deadline:
                raise
            sleep(random.uniform(0.002, 0.02))


def kind_of(session: Session) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def insert_for(kind: str, model: type[Any]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT with ON CONFLICT, which both databases write in the same way."""
    return postgresql.insert(model) if kind == "postgresql" else sqlite.insert(model)


def insert_missing(
    session: Session, model: type[Any], rows: dict[str, Any] | Select[*tuple[Any, ...]]
) -> int:
    """Inserts a row, or the rows of a query (by the names of its columns), but those whose unique key exists.

    Returns the number of inserted rows. Waits for a transaction that is about to insert the same.
    """
    statement = insert_for(kind_of(session), model)
    if isinstance(rows, dict):
        statement = statement.values(rows)
    else:
        statement = statement.from_select(list(rows.selected_columns.keys()), rows, include_defaults=False)
    return affect(session, statement.on_conflict_do_nothing())


def affect(session: Session, statement: Executable) -> int:
    """Executes an INSERT, UPDATE or DELETE without updating objects of the session; the number of rows."""
    result = session.execute(statement, execution_options=UNSYNCHRONIZED)
    return int(result.rowcount)  # type: ignore[attr-defined]


def texts(session: Session, values: Iterable[str]) -> Select[str]:
    """The values as one column of a query, with one parameter however many they are."""
    kind = kind_of(session)
    return _texts(kind, texts_value(kind, values))


def texts_parameter(kind: str, name: str) -> Select[str]:
    """As `texts`, for a cached statement: its parameter `name` takes a `texts_value`."""
    return _texts(kind, bindparam(name))


def texts_value(kind: str, values: Iterable[str]) -> list[str] | str:
    return list(values) if kind == "postgresql" else orjson.dumps(list(values)).decode()


def _texts(kind: str, values: Any) -> Select[str]:
    if kind == "postgresql":
        return select(func.unnest(cast(values, ARRAY(Text))).column_valued("value"))
    return select(func.json_each(values).table_valued("value", name="texts").c.value)


def wait_for_postgres(connection: psycopg2.extensions.connection) -> None:
    """psycopg2's wait callback (its manual, "Support for coroutine libraries"): it waits as a greenlet.

    psycopg2 closes a connection whose callback raises; SQLAlchemy then takes it out of the pool.
    """
    connecting = connection.status == psycopg2.extensions.STATUS_SETUP
    timeout = CONNECT_SECONDS if connecting else _answer_seconds()
    while True:
        state = connection.poll()
        if state == psycopg2.extensions.POLL_OK:
            return
        try:
            if state == psycopg2.extensions.POLL_READ:
                gevent_socket.wait_read(connection.fileno(), timeout=timeout)
            else:
                gevent_socket.wait_write(connection.fileno(), timeout=timeout)
        except TimeoutError as error:
            raise psycopg2.OperationalError("timed out while waiting for PostgreSQL") from error


def _answer_seconds() -> float | None:
    """The timeout of a statement; None, as in migrations, for no timeout."""
    return current_app.config["DATABASE_SECONDS"] if has_app_context() else None


psycopg2.extensions.set_wait_callback(wait_for_postgres)
