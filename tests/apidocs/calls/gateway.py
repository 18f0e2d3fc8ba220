"""The gateway, without connected users; tests/gateway has those."""

from tests.apidocs.calls import Call

MESSAGE = {"user_id": "{new}", "data": {"message": "hello"}}
CLOSED = {"GATEWAY_AUTH": "token"}

CALLS = [
    Call("POST /sse/push", 200, MESSAGE, "nobody"),
    Call("POST /sse/push", 422, {"user_id": 5, "data": {"correlation_id": 5}}, "nobody"),
    Call("POST /sse/push", 422, b"{", "nobody"),
    Call("POST /sse/push", 401, MESSAGE, "caller", settings=CLOSED),
    Call("POST /sse/push/batch", 200, [MESSAGE, MESSAGE], "nobody"),
    Call("POST /sse/push/batch", 200, [MESSAGE], "service", settings=CLOSED),
    Call("POST /sse/push/batch", 422, [MESSAGE, 5], "nobody"),
    Call("POST /sse/send", 200, MESSAGE, "nobody"),
    Call("POST /sse/send", 422, {}, "nobody"),
    Call("GET /ws?user_id={new}", 426, who="nobody"),
]
