"""Authentication put together: caches, used tickets, and the first password hash."""

from flask import Flask

from app.auth import clients, passwords, principal, tickets
from app.auth.cache import Cache
from app.extensions import engine_part


def init_app(app: Flask) -> None:
    engine = engine_part.of(app)
    principal.principals.bind(app, Cache(engine))
    clients.services.bind(app, Cache(engine, clients.CACHE_SECONDS))
    tickets.init_app(app, engine)
    passwords.prepare(app)
