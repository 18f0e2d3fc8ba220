"""Health, metrics, the documents themselves."""

from tests.documents.calls import Call

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
    Call("GET /openapi.json", 200, who="nobody"),
    Call("GET /asyncapi.json", 200, who="nobody"),
]
