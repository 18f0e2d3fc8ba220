"""The area put together: health, metrics, the cluster's view, log lines of streams and sockets."""

from flask import Flask

from app.apidocs.describe import tag
from app.extensions import engine_part
from app.ops import cluster, health, logs
from app.ops.cluster.routes import blueprint as cluster_routes
from app.ops.metrics import routes as metrics

tag(
    "Operations",
    "Is the hub there, can it work, and what does it count.",
    *(health.blueprint, metrics.blueprint, cluster_routes),
)


def init_app(app: Flask) -> None:
    """Wraps the WSGI application of Flask in one that times requests, so no middleware may come before."""
    engine = engine_part.of(app)
    engine.hub.on_end = logs.stream_ended
    engine.sockets.on_end = logs.socket_ended
    metrics.init_app(app, engine)
    cluster.init_app(app, engine)
    app.register_blueprint(health.blueprint)
