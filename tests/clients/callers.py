"""All clients of WebSockets at once, each under a name of its own."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import websocket

from tests.clients.client import SOCKETS, Client, Running
from tests.clients.house import House
from tests.support.calls import new_name
from tests.support.eventsource import EventSource
from tests.support.wait import wait_until

PATIENCE = 30.0


@dataclass
class Caller:
    client: Client
    user: str
    token: str
    socket: Running


class Callers:
    def __init__(self, house: House) -> None:
        self._house = house
        self._callers = [self._connect(client) for client in SOCKETS]
        for caller in self._callers:
            wait_until(
                lambda it=caller: self.is_connected(it.user), PATIENCE, lambda it=caller: str(it.socket)
            )  # type: ignore[misc]

    def _connect(self, client: Client) -> Caller:
        user = new_name("bot")
        token = self._house.edge.subscriber_token(self._house.service, user)
        return Caller(client, user, token, self._house.run(client, f"/ws?user_id={user}", token))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for caller in self._callers:
            if error is not None:
                print(f"--- {caller.socket}")
            caller.socket.close()

    def each(self, look: Callable[[Caller], Any]) -> dict[str, Any]:
        """By the client's name, one after the other."""
        return {caller.client.name: look(caller) for caller in self._callers}

    def push(self, user: str, text: str) -> str:
        """The status of the answer."""
        return str(self._house.post("/sse/push", {"user_id": user, "data": {"text": text}})["status"])

    def is_connected(self, user: str) -> bool:
        return self.push(user, "are you there?") == "success"

    def receive(self, caller: Caller, text: str) -> bool:
        """It is pushed, and the client says that it came."""
        self.push(caller.user, text)
        self._wait_for(caller, text)
        return True

    def _wait_for(self, caller: Caller, text: str) -> str:
        """The correlation id of the frame with that text."""
        socket = caller.socket
        wait_until(lambda: socket.last_frame["text"] == text, PATIENCE, lambda: f"{text[:99]!r}; {socket}")
        return str(socket.last_frame["correlation_id"])

    def ask(self, caller: Caller, question: str, answer: str) -> list[str]:
        """What came as the stream of answers."""
        body = json.dumps({"user_id": caller.user, "data": {"text": question}}).encode()
        edge = self._house.edge
        url, token = f"{edge.url}/sse/send", self._house.service
        with EventSource(url, method="POST", body=body, token=token, tls=edge.tls) as source:
            id = self._wait_for(caller, question)
            for number in (1, 2):
                frame = {"correlation_id": id, "text": answer, "is_final": number == 2}
                caller.socket.send(json.dumps(frame, ensure_ascii=False))
            source.wait_over(PATIENCE)
            return [json.loads(data)["text"] for data in source.data]

    def connect_again(self, caller: Caller) -> list[tuple[int, str]]:
        """How a second socket of the same name ends, while the first one stays."""
        second = self._house.run(caller.client, f"/ws?user_id={caller.user}", caller.token)
        ended = closed(second)
        second.close()
        assert self.is_connected(caller.user)
        return ended

    def outlast_somebody_silent(self) -> None:
        """Until the hub gave up one that connected later and never answers a ping."""
        silent = new_name("silent")
        token = self._house.edge.subscriber_token(self._house.service, silent)
        url = f"wss{self._house.edge.url[5:]}/ws?user_id={silent}&token={token}"
        trust = {"ca_certs": str(self._house.edge.certificate), "cert_reqs": ssl.CERT_REQUIRED}
        socket = websocket.create_connection(url, sslopt=trust, suppress_origin=True)
        assert self.is_connected(silent)
        wait_until(lambda: not self.is_connected(silent), PATIENCE, "the silent one to be given up")
        socket.shutdown()


def closed(socket: Running) -> list[tuple[int, str]]:
    """Code and reason."""
    wait_until(lambda: socket.all("closed"), PATIENCE, lambda: f"the end of a WebSocket; {socket}")
    return [(it["code"], it["reason"]) for it in socket.all("closed")]
