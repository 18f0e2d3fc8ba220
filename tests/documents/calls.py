"""Calls to judge the answers by: of each endpoint one that goes well at least, and one that does not.

`{names}` are those of a world that each call gets for itself (tests/test_access_table.py): its caller is an
ADMIN of a constellation beside {owner}; {comment} is the owner's, {own} the caller's.
"""

from typing import Any, NamedTuple

from tests.cast import NOBODY, PASSWORD


class Call(NamedTuple):
    """`who`: the caller of the world by bearer token or by cookie, a stranger, or nobody. A body of bytes
    is sent as it is, as JSON."""

    call: str
    status: int
    body: dict[str, Any] | list[Any] | bytes | None = None
    who: str = "caller"
    headers: dict[str, str] = {}
    settings: dict[str, str] = {}

    @property
    def path(self) -> str:
        return self.call.split()[1].partition("?")[0]


ACCOUNT = {"name": "{new}", "email": "{new}@example.org", "password": PASSWORD}
COMMENT = {"content": "Well said"}
FILE = {"name": "note.md", "content": "", "folder_uuid": "{folder}"}
NEW_FOLDER = {"name": "Drafts", "parent_folder_uuid": "{folder}"}
NOT_JSON = b"{"

ACCOUNTS = [
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

CONSTELLATIONS = [
    Call("GET /constellations", 200),
    Call("GET /constellations?page=0", 400),
    Call("POST /constellations", 201, {"name": "Lyra"}),
    Call("POST /constellations", 400, {}),
    Call("GET /constellations/{constellation}", 200),
    Call("GET /constellations/{constellation}", 403, who="stranger"),
    Call("PATCH /constellations/{constellation}", 200, {"name": "Lyra"}),
    Call("PATCH /constellations/x", 400, {"name": "Lyra"}),
    Call("DELETE /constellations/{constellation}", 200),
    Call(f"DELETE /constellations/{NOBODY}", 404),
    Call("GET /constellations/{constellation}/users", 200),
    Call("GET /constellations/{constellation}/users", 401, who="nobody"),
    Call("POST /constellations/{constellation}/connect", 200, {"user_uuid": "{owner}", "rights": "ADMIN"}),
    Call("POST /constellations/{constellation}/connect?user_uuid_to_connect={owner}", 200),
    Call("POST /constellations/{constellation}/connect", 400, {"user_uuid": "{owner}", "rights": "NONE"}),
    Call("POST /constellations/{constellation}/connect", 404, {"user_uuid": NOBODY}),
    Call("POST /constellations/{constellation}/disconnect", 200, {"user_uuid": "{owner}"}),
    Call("POST /constellations/{constellation}/disconnect", 404, {"user_uuid": NOBODY}),
    Call("GET /structure/{constellation}", 200),
    Call("GET /structure/{constellation}", 403, who="stranger"),
    Call("POST /folders", 201, NEW_FOLDER),
    Call("POST /folders", 404, {**NEW_FOLDER, "parent_folder_uuid": NOBODY}),
    Call("GET /folders/{folder}", 200),
    Call("GET /folders/x", 400),
    Call("PATCH /folders/{folder}", 200, {"name": "Drafts"}),
    Call("PATCH /folders/{folder}", 400, {"parent_folder_uuid": "{folder}"}),
    Call("DELETE /folders/{folder}", 200),
    Call("DELETE /folders/{folder}", 403, who="stranger"),
    Call("GET /folders/{folder}/files", 200),
    Call("GET /folders/{folder}/files", 401, who="nobody"),
    Call("POST /files", 201, FILE),
    Call("POST /files", 400, {**FILE, "content": None}),
    Call("GET /files/{file}", 200),
    Call(f"GET /files/{NOBODY}", 404),
    Call("PATCH /files/{file}", 200, {"content": "Hello"}),
    Call("PATCH /files/{file}", 404, {"folder_uuid": NOBODY}),
    Call("DELETE /files/{file}", 200),
    Call("DELETE /files/{file}", 403, who="stranger"),
    Call("GET /files/{file}/comments?page=1&per_page=1", 200),
    Call("GET /files/{file}/comments?page=1&per_page=501", 400),
    Call("POST /files/{file}/comments", 201, COMMENT),
    Call("POST /files/{file}/comments", 400, {}),
    Call("POST /files/{file}/comments/{comment}", 201, COMMENT),
    Call(f"POST /files/{{file}}/comments/{NOBODY}", 404, COMMENT),
    Call("PUT /files/{file}/comments/{own}", 200, COMMENT),
    Call("PUT /files/{file}/comments/{comment}", 403, COMMENT),
    Call("DELETE /files/{file}/comments/{comment}", 200),
    Call("DELETE /files/{file}/comments/x", 400),
    Call("GET /sse/updates/{constellation}", 200),
    Call("GET /sse/updates/x", 404),
    Call("POST /sse/notify/{constellation}", 200, {"hello": "everybody"}),
    Call("POST /sse/notify/{constellation}", 400, b"\xff"),
]

OPERATIONS = [
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

NOTIFICATIONS = [
    Call("POST /api/auth/token", 200, {"client_id": "{client}", "client_secret": "{secret}"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": "{client}", "client_secret": "x"}, "nobody"),
    Call("POST /api/auth/token", 400, {"client_id": 5}, "nobody"),
]

CALLS = [*ACCOUNTS, *CONSTELLATIONS, *OPERATIONS, *NOTIFICATIONS]
