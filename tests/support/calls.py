"""HTTP calls to a hub at some address, and the few that nearly every end-to-end test begins with."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests

PASSWORD = "correct horse battery staple"


def new_name(name: str) -> str:
    """A name that no other test has given to its `name`."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


class Calls:
    """Each call takes a connection of its own, so that any worker may answer it."""

    def __init__(self, url: str, certificate: Path | None = None) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.verify = str(certificate) if certificate else True
        self._session.trust_env = False  # no proxies, no .netrc
        self._session.headers["Connection"] = "close"
        # A test that wants a cookie sends it: none is carried over from an earlier call.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def request(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 15.0,
    ) -> requests.Response:
        """`path` may be a whole url. Redirects are shown, not followed."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        url = path if path.startswith("http") else self.url + path
        body = data.encode() if isinstance(data, str) else data
        return self._session.request(
            method, url, json=json, data=body, headers=sent, timeout=timeout, allow_redirects=False
        )

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> requests.Response:
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    # Back ends

    def service_token(self, client_id: str, client_secret: str) -> str:
        client = {"client_id": client_id, "client_secret": client_secret}
        return str(_expect(self.post("/api/auth/token", json=client), 200)["access_token"])

    def subscriber_token(self, service_token: str, user_id: str) -> str:
        return str(_expect(self.get(f"/api/user/{user_id}/token", token=service_token), 200)["access_token"])

    # Accounts and constellations

    def register(self, name: str) -> tuple[str, str]:
        """A new account: its uuid and its token. Names are unique per hub, see `new_name`."""
        account = {"name": name, "email": f"{name.lower()}@example.org", "password": PASSWORD}
        body = _expect(self.post("/register", json=account), 201)
        return body["user_uuid"], body["access_token"]

    def login(self, name: str) -> str:
        """Another token of an account made by `register`."""
        return str(
            _expect(self.post("/login", json={"name": name, "password": PASSWORD}), 200)["access_token"]
        )

    def constellation(self, token: str, name: str = "Orion") -> str:
        """A new constellation's uuid; the caller is its ADMIN."""
        body = _expect(self.post("/constellations", token=token, json={"name": name}), 201)
        return str(body["constellation_uuid"])

    def connect(self, constellation: str, admin_token: str, user_uuid: str, rights: str = "READ") -> None:
        body = {"user_uuid": user_uuid, "rights": rights}
        _expect(self.post(f"/constellations/{constellation}/connect", token=admin_token, json=body), 200)

    def disconnect(self, constellation: str, admin_token: str, user_uuid: str) -> None:
        body = {"user_uuid": user_uuid}
        _expect(self.post(f"/constellations/{constellation}/disconnect", token=admin_token, json=body), 200)

    def root_folder(self, constellation: str, token: str) -> str:
        return str(
            _expect(self.get(f"/constellations/{constellation}", token=token), 200)["root_folder_uuid"]
        )

    def notify(self, constellation: str, token: str, body: bytes | str) -> requests.Response:
        return self.post(f"/sse/notify/{constellation}", token=token, data=body)

    def updates_url(self, constellation: str) -> str:
        return f"{self.url}/sse/updates/{constellation}"


def _expect(response: requests.Response, status: int) -> Any:
    request = response.request
    assert response.status_code == status, (
        f"{request.method} {request.path_url} answered {response.status_code}: {response.text[:500]}"
    )
    return response.json()
