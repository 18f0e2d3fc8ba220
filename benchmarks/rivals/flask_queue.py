"""The obvious Flask server: a generator response and a queue per client, under gunicorn's gevent worker."""

import sys
from collections.abc import Iterator
from queue import SimpleQueue

from flask import Flask, Response, request

from benchmarks.harness.places import CACHE, ROOT
from benchmarks.rivals.base import Command, Server


def create_app() -> Flask:
    app = Flask(__name__)
    queues: set[SimpleQueue[str]] = set()

    @app.get("/events")
    def events() -> Response:
        queue: SimpleQueue[str] = SimpleQueue()

        def stream() -> Iterator[str]:
            queues.add(queue)
            try:
                yield ": open\n\n"
                while True:
                    yield f"data: {queue.get()}\n\n"
            finally:
                queues.discard(queue)

        return Response(stream(), mimetype="text/event-stream")

    @app.post("/publish")
    def publish() -> dict[str, int]:
        event = request.get_data(as_text=True)
        for queue in queues:
            queue.put(event)
        return {"subscribers": len(queues)}

    return app


class FlaskQueue(Server):
    key = "flask-queue"
    label = "Flask, a queue and a generator per client (the obvious way)"

    def command(self, port: int) -> Command:
        application = "benchmarks.rivals.flask_queue:create_app()"
        options = ["-k", "gevent", "-w", "1", "-b", f"127.0.0.1:{port}", "--worker-connections", "30000"]
        elsewhere = ["--pythonpath", str(ROOT)]  # gunicorn would take the hub's configuration from its folder
        return Command([sys.executable, "-m", "gunicorn", *options, *elsewhere, application], cwd=CACHE)
