"""Health, metrics, the documents themselves."""

from tests.apidocs.calls import Call

CALLS = [
    Call("GET /health", 200, who="nobody"),
    Call("GET /health/live", 200, who="nobody"),
    Call("GET /health/ready", 200, who="nobody"),
    Call("GET /metrics", 200, who="nobody"),
    Call("GET /metrics", 200, who="nobody", headers={"Accept": "text/plain"}),
    Call("GET /metrics", 200, who="nobody", headers={"Accept": "application/openmetrics-text"}),
    Call(
        "GET /metrics", 401, who="nobody", headers={"Accept": "text/plain"}, settings={"METRICS_TOKEN": "x"}
    ),
    Call("GET /api/ops/stats", 200, who="operator"),
    Call("GET /api/ops/stats", 403),
    Call("GET /api/ops/stats", 401, who="nobody"),
    Call("GET /api/ops/connections?prefix=a&after=b&per_page=3", 200, who="operator"),
    Call("GET /api/ops/connections?per_page=0", 400, who="operator"),
    Call("GET /api/ops/topics?sort=events", 200, who="operator"),
    Call("GET /api/ops/topics?sort=name", 400, who="operator"),
    Call("GET /openapi.json", 200, who="nobody"),
    Call("GET /asyncapi.json", 200, who="nobody"),
]
