"""A bare Flask view that reads JSON and answers JSON, under the hub's own gunicorn configuration.

What `POST /sse/notify` is measured against: the same server, nothing behind it.
"""

from flask import Flask, request

from benchmarks.rivals.base import Command, Server
from benchmarks.rivals.gunicorn import gunicorn


class NoEngine:
    """gunicorn.conf.py starts and drains the application's engine, and shares its metrics; there are none."""

    def serve(self) -> None:
        pass

    def drain(self, wait_seconds: float) -> None:
        pass


class NoMetrics:
    def share(self, folder: object) -> None:
        pass


def create_app() -> Flask:
    app = Flask(__name__)
    app.extensions.update(engine=NoEngine(), metrics=NoMetrics())

    @app.post("/publish")
    def publish() -> dict[str, str]:
        request.get_json()
        return {"status": "success", "message": "Notification sent to clients"}

    return app


class BareFlask(Server):
    key = "bare-flask"
    label = "a bare Flask JSON view under the same gunicorn"

    def command(self, port: int) -> Command:
        return gunicorn("benchmarks.rivals.bare_flask:create_app()", port)
