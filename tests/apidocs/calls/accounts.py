"""Accounts."""

from tests.apidocs.calls import Call
from tests.cast import NOBODY, PASSWORD

ACCOUNT = {"name": "{new}", "email": "{new}@example.org", "password": PASSWORD}
NOT_JSON = b"{"

CALLS = [
    Call("POST /register", 201, ACCOUNT, "nobody"),
    Call("POST /register", 400, {**ACCOUNT, "name": "{owner_name}"}, "nobody"),
    Call("POST /register", 400, NOT_JSON, "nobody"),
    Call("POST /login", 200, {"name": "{owner_name}", "password": PASSWORD}, "nobody"),
    Call("POST /login", 401, {"email": "{owner_name}@example.org", "password": "wrong"}, "nobody"),
    Call("POST /login", 400, {"password": PASSWORD}, "nobody"),
    Call("POST /login", 413, b" " * (1024 * 1024 + 1), "nobody"),
    Call("POST /logout", 200),
    Call("POST /logout", 401, who="nobody"),
    Call("POST /check_token/{constellation}", 200),
    Call("POST /check_token/{constellation}", 401, who="stranger"),
    Call("GET /users/{owner}", 200),
    Call("GET /users/{user}", 200),
    Call(f"GET /users/{NOBODY}", 404),
    Call("GET /users/x", 400),
    Call("PATCH /users", 200, {"name": "{new}"}),
    Call("PATCH /users", 400, {}),
    Call("DELETE /users", 200),
    Call("DELETE /users", 401, who="nobody"),
    Call("POST /api/stream-ticket", 201),
    Call("POST /api/stream-ticket", 201, who="cookie"),
    Call("POST /api/stream-ticket", 401, who="nobody"),
    Call("POST /api/stream-ticket", 403, who="cookie", headers={"Origin": "https://evil.example"}),
    Call("POST /api/auth/register", 201, ACCOUNT, "nobody"),
    Call("POST /api/auth/register", 400, {}, "nobody"),
    Call("POST /api/auth/login", 200, {"email": "{owner_name}@example.org", "password": PASSWORD}, "nobody"),
    Call("POST /api/auth/login", 401, {"email": "{owner_name}", "password": "wrong"}, "nobody"),
    Call("POST /api/auth/logout", 200, who="cookie"),
    Call("POST /api/auth/logout", 401, who="nobody"),
    Call("POST /api/auth/logout", 403, who="cookie", headers={"Origin": "https://evil.example"}),
    Call("GET /api/auth/me", 200, who="cookie"),
    Call("GET /api/auth/me", 200, who="nobody"),
]
