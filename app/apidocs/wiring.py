"""The area put together: its routes, and the documents that they have made."""

from flask import Flask

from app.apidocs.routes import blueprint, documents_part


def init_app(app: Flask) -> None:
    documents_part.bind(app, {})
    app.register_blueprint(blueprint)
