"""The area put together: its routes."""

from flask import Flask

from app.accounts.routes import bearer, cookie, tickets


def init_app(app: Flask) -> None:
    for routes in (bearer, cookie, tickets):
        app.register_blueprint(routes.blueprint)
