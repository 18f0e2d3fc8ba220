"""The area put together: its routes."""

from flask import Flask

from app.accounts.routes import BLUEPRINTS


def init_app(app: Flask) -> None:
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
