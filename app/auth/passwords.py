"""Password hashes (werkzeug's scrypt), computed in a thread pool of their own: one takes a tenth of a second.

Gevent's own thread pool resolves the host names of Redis and PostgreSQL, which a flood of logins would delay.
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
    """Computes up to `threads` hashes at once while up to `most_waiting` wait; refuses more than that."""

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
    """Made for the first hash, and so in the worker: threads do not survive a fork."""
    return Hashing(THREADS, MOST_WAITING)


def hash_password(password: str) -> str:
    hashed: str = _hashing().run(generate_password_hash, password, current_app.config["PASSWORD_METHOD"])
    return hashed


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right. Takes as long for a user that does not exist (`stored` is None)."""
    dummy = _dummy_hash(current_app.config["PASSWORD_METHOD"])
    matches: bool = _hashing().run(check_password_hash, stored or dummy, password)
    return matches and stored is not None


@cache
def _dummy_hash(method: str) -> str:
    """The hash that is checked for an unknown user, so that the check takes the same time."""
    return generate_password_hash("the password of no user", method)


def prepare(app: Flask) -> None:
    """Computes that hash before the first login needs it."""
    _dummy_hash(app.config["PASSWORD_METHOD"])
