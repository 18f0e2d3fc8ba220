"""`GET /metrics`: the number of connections as JSON, or all metrics for Prometheus, as `Accept` says."""

import logging
from hmac import compare_digest

from flask import Blueprint, Flask, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue

from app.apidocs.describe import describe
from app.apidocs.errors import refusal
from app.apidocs.json_schema import Object, exactly, text, whole
from app.apidocs.operation import ok
from app.apidocs.security import NO_CREDENTIALS, SCRAPER
from app.concepts.meters import task_meters_part
from app.errors import Forbidden, Unauthorized, Unavailable
from app.extensions import Part
from app.gateway.meters import gateway_meters_part
from app.ops.connections import count_connections
from app.ops.metrics.exposition import OPENMETRICS, PLAIN, expose
from app.ops.metrics.families import FAMILIES, MetricsSource
from app.ops.metrics.process import ProcessStats
from app.ops.metrics.requests import RequestTimer, RequestTimes
from app.ops.metrics.worker import Metrics
from app.realtime.engine import Engine

log = logging.getLogger(__name__)
blueprint = Blueprint("metrics", __name__)
metrics_part: Part[Metrics] = Part("metrics")

JSON = "application/json"
UNSET = "Set METRICS_TOKEN on the hub to have its metrics"
WRONG = "Missing or wrong METRICS_TOKEN"
COUNT = Object(
    "ConnectionCount", {"active_connections": whole(12), "service": exactly("websocket-sse-server")}
)
FORMS = {"text/plain": PLAIN, "application/openmetrics-text": OPENMETRICS, JSON: JSON}


def init_app(app: Flask, engine: Engine) -> None:
    requests = RequestTimes()
    app.wsgi_app = RequestTimer(app.wsgi_app, requests)  # type: ignore[method-assign]
    source = MetricsSource(
        engine, task_meters_part.of(app), gateway_meters_part.of(app), requests, ProcessStats()
    )
    metrics_part.bind(app, Metrics(source))
    app.register_blueprint(blueprint)


@blueprint.get("/metrics")
@describe(
    summary="The number of connections, or everything for Prometheus",
    description="Prometheus is who names `text/plain` or OpenMetrics in `Accept`; it needs the hub's"
    " METRICS_TOKEN where there is one, and always in production.",
    needs=(NO_CREDENTIALS, SCRAPER),
    answers={
        200: ok(
            COUNT,
            others={PLAIN: {"type": "string"}, OPENMETRICS: {"type": "string"}},
            headers={"Cache-Control": exactly("no-store"), "Vary": text("Accept")},
        )
    },
    errors={
        401: refusal(401, WRONG, headers={"WWW-Authenticate": exactly("Bearer")}),
        403: UNSET,
    },
)
def metrics() -> ResponseReturnValue:
    form = _wanted_form()
    if form == JSON:
        response = jsonify(active_connections=count_connections(), service="websocket-sse-server")
    else:
        _require_scraper()
        response = Response(_exposition(form), content_type=form)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def _wanted_form() -> str:
    """The form that `Accept` prefers, the first of equals. A wildcard names no form: JSON."""
    best, form = 0.0, JSON
    for value, quality in request.accept_mimetypes:
        named = FORMS.get(value.partition(";")[0].strip().lower())
        if named is not None and quality > best:
            best, form = quality, named
    return form


def _require_scraper() -> None:
    """Without METRICS_TOKEN every client may read the metrics in development and none in production: behind a
    proxy an address proves nothing. Raises Unauthorized, Forbidden."""
    token = current_app.config["METRICS_TOKEN"]
    if not token and current_app.config["IS_PRODUCTION"]:
        raise Forbidden(UNSET)
    scheme, _, given = request.environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if token and not (scheme.lower() == "bearer" and compare_digest(given.strip().encode(), token.encode())):
        raise Unauthorized(WRONG, {"WWW-Authenticate": "Bearer"})


def _exposition(form: str) -> str:
    try:
        return expose(FAMILIES, metrics_part.current.now(), form)
    except OSError as error:
        log.warning("the numbers of the other workers can't be had: %s", error)
        raise Unavailable("The numbers of the other workers can't be had, try again") from error
