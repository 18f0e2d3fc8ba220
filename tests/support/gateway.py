"""The gateway as its clients use it: sockets that stay open, questions that are being answered."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import suppress
from typing import Any

import gevent

from tests.support.calls import new_name
from tests.support.hub import HubProcess
from tests.support.sse import Decoder, ServerEvent
from tests.support.wait import wait_until
from tests.support.wsclient import PROBE, Respond, WebSocketClient, url_of

JSON = {"Content-Type": "application/json"}


class Question:
    """One POST /sse/send, read in the background."""

    def __init__(self, connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> None:
        self._connection = connection
        self.events: list[ServerEvent] = []
        self.comments = 0
        self.is_over = False
        connection.request("POST", "/sse/send", body, JSON | headers)
        self._response = connection.getresponse()
        self.status = self._response.status
        self.headers = self._response.headers
        self._greenlet = gevent.spawn(self._read)

    def _read(self) -> None:
        decoder = Decoder()
        with suppress(
            OSError, http.client.HTTPException, AttributeError
        ):  # the last: it was closed meanwhile
            while data := self._response.read1(65536):
                self.events += decoder.feed(data)
                self.comments = len(decoder.comments)
        self.is_over = True

    @property
    def texts(self) -> list[str]:
        return [event.data for event in self.events]

    @property
    def answers(self) -> list[Any]:
        return [json.loads(event.data) for event in self.events]

    def wait_answers(self, count: int, timeout: float = 5.0) -> list[Any]:
        wait_until(lambda: len(self.events) >= count, timeout, lambda: f"{count} answers, got {self.texts}")
        return self.answers

    def wait_over(self, timeout: float = 5.0) -> list[Any]:
        """All answers, once the stream has ended."""
        wait_until(lambda: self.is_over, timeout, lambda: f"the end of a stream, got {self.texts}")
        return self.answers

    def leave(self) -> None:
        self._greenlet.kill()
        self._response.close()
        self._connection.close()


class GatewayStage:
    """A hub, and what was opened on it. Where `worker` (a pid) is given, it is that one that is called."""

    def __init__(self, hub: HubProcess) -> None:
        self.hub = hub
        self.headers: dict[str, str] = {}
        self._opened: list[WebSocketClient | Question] = []

    def connect(
        self, user_id: str | None, respond: Respond | None = None, worker: int | None = None, **options: Any
    ) -> WebSocketClient:
        """A socket, accepted or not; `query` are more parameters of its url."""
        url = url_of(self.hub.url, user_id, options.pop("query", None))
        client = WebSocketClient(url, respond, socket=self._dial(worker), **options)
        self._opened.append(client)
        return client

    def _dial(self, worker: int | None) -> socket.socket:
        """The kernel decides which worker takes a connection; so until it is the right one."""
        for _ in range(200):
            dialled = socket.create_connection(("127.0.0.1", self.hub.port))
            port = dialled.getsockname()[1]
            if worker is None:
                return dialled
            with suppress(AssertionError):  # a worker that stands still accepts nothing
                if wait_until(lambda port=port: self.hub.holder_of(port), 1, "a worker to accept") == worker:  # type: ignore[misc]
                    return dialled
            dialled.close()
        raise AssertionError(f"no connection to worker {worker}")

    def join(
        self, name: str, respond: Respond | None = None, worker: int | None = None, **options: Any
    ) -> Any:
        """A new user whom the hub lists as connected: the user id and the socket."""
        user_id = new_name(name)
        client = self.connect(user_id, respond, worker, **options)
        wait_until(lambda: self.is_connected(user_id), 5, f"{user_id} to be connected")
        return user_id, client

    def is_connected(self, user_id: str) -> bool:
        return bool(self.push(user_id, **{PROBE: True}).json()["status"] == "success")

    def wait_for_name(self, user_id: str, timeout: float) -> WebSocketClient:
        """A socket under this name, as soon as it can be had. A worker that dies resets connections."""
        found: list[WebSocketClient] = []

        def is_had() -> bool:
            try:
                client = self.connect(user_id)
                wait_until(lambda: not client.is_open or self.is_connected(user_id))
            except OSError:
                return False
            found.append(client)
            return client.is_open

        wait_until(is_had, timeout, "the name to be free", interval=0.2)
        return found[-1]

    def push(self, user_id: str, **data: Any) -> Any:
        return self.hub.post("/sse/push", json={"user_id": user_id, "data": data}, headers=self.headers)

    def post(self, path: str, body: Any, worker: int | None = None) -> tuple[int, Any]:
        """Status and JSON."""
        connection = self.hub.connection(worker)
        connection.request("POST", path, json.dumps(body), JSON | self.headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
        connection.close()
        return status, json.loads(text)

    def ask(self, user_id: str, worker: int | None = None, **data: Any) -> Question:
        body = json.dumps({"user_id": user_id, "data": data}).encode()
        question = Question(self.hub.connection(worker), body, self.headers)
        self._opened.append(question)
        return question

    def close(self) -> None:
        for opened in self._opened:
            if isinstance(opened, Question):
                opened.leave()
            else:
                opened.close()
