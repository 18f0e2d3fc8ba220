"""The area put together: its routes."""

from flask import Flask

from app.apidocs.routes import blueprint


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
