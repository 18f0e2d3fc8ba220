"""The headers of every answer, added by WSGI middleware, where that costs next to nothing.

`X-Request-ID` names a request in the logs of the hub and of the proxies before it. The hub takes it from the
request only behind trusted proxies (`TRUSTED_PROXIES`), and else makes its own.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic
from typing import Any

BEGAN = "hub.began"
REQUEST_ID = "hub.request_id"
_ID = re.compile(r"[0-9A-Za-z._:/+=-]{1,128}")

# For answers that are data; a page of the hub brings its own policy.
POLICY = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),  # a URL may hold a token
    ("X-Frame-Options", "DENY"),
]


class CommonHeaders:
    """WSGI middleware (PEP 3333)."""

    def __init__(self, application: Callable[..., Iterable[bytes]], trusts_proxies: bool) -> None:
        self._application = application
        self._trusts_proxies = trusts_proxies
        self._ids = (f"{prefix}{number:x}" for prefix in [f"{secrets.token_hex(6)}-"] for number in count(1))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ[BEGAN] = monotonic()
        request_id = environ[REQUEST_ID] = self._request_id(environ)

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            headers.extend(ALWAYS)
            headers.append(("X-Request-ID", request_id))
            if not any(name == POLICY[0] for name, _ in headers):
                headers.append(POLICY)
            return start_response(status, headers, exc_info)

        return self._application(environ, start)

    def _request_id(self, environ: dict[str, Any]) -> str:
        given: str = environ.get("HTTP_X_REQUEST_ID", "") if self._trusts_proxies else ""
        return given if _ID.fullmatch(given) else next(self._ids)
