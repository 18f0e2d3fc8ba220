"""Password hashes (werkzeug's scrypt), made in threads of their own: one takes a tenth of a second.

Not in gevent's own thread pool, where the names of Redis and PostgreSQL are looked up too: a flood of
logins would keep the hub from finding them.
"""

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from flask import Flask, current_app
from gevent.threadpool import ThreadPool
from werkzeug.security import check_password_hash, generate_password_hash

from app.errors import Unavailable

THREADS = min(4, os.cpu_count() or 1)  # each hash takes 32 MiB while it is made
MOST_WAITING = 64


class Hashing:
    """Runs so many at once; as `most_waiting` wait already, whoever comes is sent away."""

    def __init__(self, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPool(threads)
        self._most = threads + most_waiting
        self._inside = 0

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self._inside >= self._most:
            raise Unavailable("Too many logins at once, try again")
        self._inside += 1
        try:
            return self._pool.apply(function, arguments)
        finally:
            self._inside -= 1


@cache
def _hashing() -> Hashing:
    """Made when first needed, and so in the worker: threads do not survive a fork."""
    return Hashing(THREADS, MOST_WAITING)


def hash_password(password: str) -> str:
    hashed: str = _hashing().run(generate_password_hash, password, current_app.config["PASSWORD_METHOD"])
    return hashed


def verify_password(stored: str | None, password: str) -> bool:
    """Takes the same time for a user that does not exist (`stored` is None), and is then False."""
    nobodys = _nobodys_hash(current_app.config["PASSWORD_METHOD"])
    matches: bool = _hashing().run(check_password_hash, stored or nobodys, password)
    return matches and stored is not None


@cache
def _nobodys_hash(method: str) -> str:
    """Stands in for an unknown user's, so that its check takes the same time."""
    return generate_password_hash("nobody's password", method)


def prepare(app: Flask) -> None:
    """Makes that hash before the first login needs it."""
    _nobodys_hash(app.config["PASSWORD_METHOD"])
