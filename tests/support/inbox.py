"""Clients of the notification hub: a recipient that reads and acknowledges, a back end that tries again."""

from __future__ import annotations

import http.client
import json
import time
from typing import Any

import gevent

from tests.support.eventsource import EventSource
from tests.support.http1 import ResponseReader
from tests.support.hub import HubProcess
from tests.support.sse import Decoder

CLIENT = {"CLIENT_ID": "shop", "CLIENT_SECRET": "a secret of the tests' own"}


def service_token(hub: HubProcess) -> str:
    body = {"client_id": CLIENT["CLIENT_ID"], "client_secret": CLIENT["CLIENT_SECRET"]}
    return str(hub.post("/api/auth/token", json=body).json()["access_token"])


def user_token(hub: HubProcess, token: str, user: str) -> str:
    return str(hub.get(f"/api/user/{user}/token", token=token).json()["access_token"])


class PersistentBackend:
    """Calls over one kept-alive connection, and again where no answer came or a 503."""

    def __init__(self, hub: HubProcess, token: str) -> None:
        self._hub = hub
        self._token = token
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: object, patience: float = 30.0, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        deadline = time.monotonic() + patience
        while True:
            status, text = self._try(path, json.dumps(body), sent)
            if status == 202:
                return json.loads(text)
            assert status in (0, 503), f"{path} answered {status}: {text[:500]}"
            assert time.monotonic() < deadline, f"{path} is not accepted; {self._hub.child.tail()}"
            gevent.sleep(0.05)

    def _try(self, path: str, body: str, headers: dict[str, str]) -> tuple[int, str]:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._hub.port, timeout=15)
            self._connection.request("POST", path, body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            return 0, ""


class Recipient(EventSource):
    """`received` is what came, by id. `broken` are ids of messages that came although they had been
    acknowledged before the connection was opened."""

    def __init__(self, hub: HubProcess, token: str) -> None:
        self.received: dict[str, str] = {}
        self.acknowledged: set[str] = set()
        self.broken: list[str] = []
        self._settled: frozenset[str] = frozenset()
        self._calls = PersistentBackend(hub, token)
        super().__init__(f"{hub.url}/sse?token={token}", reconnect=True)

    def acknowledge(self, ids: list[str]) -> None:
        """Those count from the moment that they were answered."""
        if ids:
            self._calls.post("/api/message/acknowledge", {"message_ids": ids})
            self.acknowledged.update(ids)

    def acknowledge_some(self) -> None:
        """Every second one of what came."""
        due = [id for id in self.received if id not in self.acknowledged and int(id[-1], 16) % 2]
        self.acknowledge(due)

    def _request(self, url: Any) -> bytes:
        self._settled = frozenset(self.acknowledged)
        return super()._request(url)

    def _take_head(self, reader: ResponseReader) -> None:
        super()._take_head(reader)
        self.messages.clear()  # what was seen is in `received`
        self.events.clear()

    def _take(self, decoder: Decoder, body: bytes) -> None:
        known = len(self.messages)
        super()._take(decoder, body)
        for event in self.messages[known:]:
            message = json.loads(event.data)
            if message["id"] in self._settled:
                self.broken.append(message["id"])
            if message["id"]:
                self.received[message["id"]] = message["payload"]
