"""Password hashes (werkzeug's scrypt), made in gevent's thread pool: one takes a tenth of a second."""

from functools import cache

from flask import Flask, current_app
from gevent import get_hub
from werkzeug.security import check_password_hash, generate_password_hash


def hash_password(password: str) -> str:
    method = current_app.config["PASSWORD_METHOD"]
    return get_hub().threadpool.apply(generate_password_hash, (password, method))


def verify_password(stored: str | None, password: str) -> bool:
    """Takes the same time for a user that does not exist (`stored` is None), and is then False."""
    nobodys = _nobodys_hash(current_app.config["PASSWORD_METHOD"])
    matches = get_hub().threadpool.apply(check_password_hash, (stored or nobodys, password))
    return matches and stored is not None


@cache
def _nobodys_hash(method: str) -> str:
    """Stands in for an unknown user's, so that its check takes the same time."""
    return generate_password_hash("nobody's password", method)


def prepare(app: Flask) -> None:
    """Makes that hash before the first login needs it."""
    _nobodys_hash(app.config["PASSWORD_METHOD"])
