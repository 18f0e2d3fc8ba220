"""A bare Flask view that reads JSON and answers JSON, under the hub's own gunicorn configuration.

What `POST /sse/notify` is measured against: the same server, nothing behind it.
"""

from flask import Flask, request

from benchmarks.rivals.base import Command, Server
from benchmarks.rivals.gunicorn import gunicorn


class NoEngine:
    """gunicorn.conf.py starts and drains the application's engine; here there is nothing to do."""

    def start(self) -> None:
        pass

    def drain(self, wait_seconds: float) -> None:
        pass


def create_app() -> Flask:
    app = Flask(__name__)
    app.extensions["engine"] = NoEngine()

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
