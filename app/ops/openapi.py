"""Is the hub there, can it work, and what does it count."""

from app.apidocs.errors import RETRY_AFTER, refusal
from app.apidocs.json_schema import Object, array, exactly, text, whole
from app.apidocs.operation import ApiResponse, Operation, Operations, ok
from app.apidocs.security import ANYBODY, SCRAPER
from app.ops.cluster import openapi as cluster
from app.ops.metrics.exposition import OPENMETRICS, PLAIN

TITLE = "Operations"

HEALTH = Object(
    "Health",
    {
        "status": exactly("healthy"),
        "connections": whole(12, "Users connected to the gateway, over the whole cluster"),
        "uptime": exactly("running"),
    },
)
READY = Object("Ready", {"status": exactly("ready"), "checks": array(text("database"))})
AWAY = "The broker can't be reached: check that Redis runs and that REDIS_URL names it"
FAILING = {"type": "object", "additionalProperties": {"type": "string"}, "examples": [{"broker": AWAY}]}
NOT_READY = Object("NotReady", {"error": text(AWAY), "status": exactly(503), "failing": FAILING})
COUNT = Object(
    "ConnectionCount", {"active_connections": whole(12), "service": exactly("websocket-sse-server")}
)

OPERATIONS: Operations = {
    "health.health": Operation(summary="How many are connected", answers={200: ok(HEALTH)}),
    "health.live": Operation(
        summary="The process answers", answers={200: ok(Object("Live", {"status": exactly("live")}))}
    ),
    "health.ready": Operation(
        summary="Whether every part works",
        answers={200: ok(READY)},
        errors={
            503: ApiResponse(description="A part does not work", schema=NOT_READY, headers=RETRY_AFTER),
        },
    ),
    **cluster.OPERATIONS,
    "metrics.metrics": Operation(
        summary="The number of connections, or everything for Prometheus",
        description="Prometheus is who names `text/plain` or OpenMetrics in `Accept`; it needs the hub's"
        " METRICS_TOKEN where there is one, and always in production.",
        needs=(ANYBODY, SCRAPER),
        answers={
            200: ok(
                COUNT,
                others={PLAIN: {"type": "string"}, OPENMETRICS: {"type": "string"}},
                headers={"Cache-Control": exactly("no-store"), "Vary": text("Accept")},
            )
        },
        errors={
            401: refusal(
                401, "Missing or wrong METRICS_TOKEN", headers={"WWW-Authenticate": exactly("Bearer")}
            ),
            403: "Set METRICS_TOKEN on the hub to have its metrics",
        },
    ),
}
