"""The notification hub."""

from tests.documents.calls import Call

CALLS = [
    Call("POST /api/auth/token", 200, {"client_id": "{client}", "client_secret": "{secret}"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": "{client}", "client_secret": "x"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": 5}, "nobody"),
]
