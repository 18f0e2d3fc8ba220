"""The notification hub: {recipient} is in {group}, {outsider} is not; both have {message} to read."""

from flask import Flask

from app.auth import clients
from tests.apidocs.calls import Call
from tests.cast import unique

NOTICE = {"users": ["{recipient}"], "groups": ["{group}"], "payload": "hello"}
GROUPS = "/api/group/{group}/user"


def prepare(app: Flask, names: dict[str, str]) -> dict[str, str]:
    with app.test_request_context():
        token = clients.issue_token(names["client"], names["secret"])
    headers = {"Authorization": f"Bearer {token}"}
    client = app.test_client()
    made = {"recipient": unique("dora"), "outsider": unique("emil"), "group": unique("customers")}
    client.post("/api/group", json={"name": made["group"], "users": [made["recipient"]]}, headers=headers)
    notice = {"users": [made["recipient"], made["outsider"]], "payload": "hello"}
    sent = client.post("/api/message/notify", json=notice, headers=headers).get_json()
    own = client.get(f"/api/user/{made['recipient']}/token", headers=headers).get_json()
    return {**made, "message": sent["id"], "own_token": own["access_token"]}


OWN = {"Authorization": "Bearer {own_token}"}
CALLS = [
    Call("POST /api/auth/token", 200, {"client_id": "{client}", "client_secret": "{secret}"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": "{client}", "client_secret": "x"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": 5}, "nobody"),
    Call("POST /api/message/notify", 202, NOTICE, "service"),
    Call("POST /api/message/notify", 400, {"payload": "hello"}, "service"),
    Call("POST /api/message/notify", 400, {"users": [5]}, "service"),
    Call("POST /api/message/notify", 400, NOTICE, "service", {"Idempotency-Key": "x" * 256}),
    Call("POST /api/message/notify", 401, NOTICE, "caller"),
    Call("POST /api/message/acknowledge", 202, {"message_ids": ["{message}"]}, "nobody", OWN),
    Call("POST /api/message/acknowledge", 202, {"user_id": "{recipient}", "message_ids": []}, "service"),
    Call("POST /api/message/acknowledge", 400, {"message_ids": []}, "service"),
    Call("GET /api/user", 200, who="service"),
    Call("GET /api/user?page=x", 400, who="service"),
    Call("POST /api/user", 201, {"user_id": "{new}", "groups": ["{group}"]}, "service"),
    Call("POST /api/user", 200, {"user_id": "{recipient}"}, "service"),
    Call("POST /api/user", 400, {}, "service"),
    Call("DELETE /api/user/{recipient}", 204, who="service"),
    Call("DELETE /api/user/{new}", 404, who="service"),
    Call("GET /api/user/{recipient}/token", 200, who="service"),
    Call("GET /api/user/{recipient}/token", 401, who="stranger"),
    Call("GET /api/user/{recipient}/messages", 200, who="service"),
    Call("GET /api/user/{recipient}/messages?state=all&page=1", 200, who="service"),
    Call("GET /api/user/{recipient}/messages?state=x", 400, who="service"),
    Call("GET /api/group", 200, who="service"),
    Call("GET /api/group", 401, who="nobody"),
    Call("POST /api/group", 201, {"name": "{new}", "users": ["{outsider}"]}, "service"),
    Call("POST /api/group", 200, {"name": "{group}"}, "service"),
    Call("POST /api/group", 400, {"name": "5"}, "service"),
    Call("DELETE /api/group/{group}", 204, who="service"),
    Call("DELETE /api/group/{new}", 404, who="service"),
    Call(f"PUT {GROUPS}/{{outsider}}", 204, who="service"),
    Call(f"PUT {GROUPS}/{{new}}", 404, who="service"),
    Call(f"DELETE {GROUPS}/{{recipient}}", 204, who="service"),
    Call(f"DELETE {GROUPS}/{{outsider}}", 404, who="service"),
    Call("GET /sse", 200, None, "nobody", OWN),
    Call("GET /sse", 400, who="nobody"),
]
