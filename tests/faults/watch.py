"""What is watched while something breaks: readiness, numbers, and messages on their way."""

from __future__ import annotations

import http.client
import json
import time
from types import TracebackType
from typing import Self

import gevent
from gevent.event import Event

from tests.support.exposition import Numbers, numbers, parse_plain, read
from tests.support.hub import HubProcess
from tests.support.inbox import PersistentBackend, Recipient, service_token, user_token
from tests.support.wait import wait_until


def total(numbers: Numbers, name: str, *labels: str) -> int:
    """The sum of a metric over those labels that were not given."""
    return int(sum(value for key, value in numbers.items() if key[: 1 + len(labels)] == (name, *labels)))


def wait_total(hub: HubProcess, value: int, name: str, *labels: str) -> int:
    """That value, once it is the total; the numbers of other workers come within about a second."""
    found: list[int] = []

    def is_there() -> bool:
        found.append(total(read(hub), name, *labels))
        return found[-1] == value

    wait_until(is_there, 10, lambda: f"{name} {labels} to be {value}, the last was {found[-1]}")
    return value


class Line:
    """A kept-alive connection to one worker, opened while all is well: new ones may land on another."""

    def __init__(self, hub: HubProcess, pid: int | None = None, timeout: float = 15.0) -> None:
        self._connection = hub.connection(pid, timeout)

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode()

    def ready(self) -> int:
        return self.get("/health/ready")[0]

    def numbers(self) -> Numbers:
        status, text = self.get("/metrics", Accept="text/plain")
        assert status == 200, text
        return numbers(list(parse_plain(text)))


class Readiness:
    """Asks any worker for /health/ready, ten times a second, as long as the `with` lasts.

    answers   (seconds since the beginning, status, the failing parts); the status is 0 where none came
    """

    def __init__(self, hub: HubProcess) -> None:
        self._port = hub.port
        self._began = time.monotonic()
        self.answers: list[tuple[float, int, str]] = []

    def __enter__(self) -> Self:
        self._greenlet = gevent.spawn(self._work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._greenlet.kill()

    def _work(self) -> None:
        while True:
            asked_at = time.monotonic() - self._began
            self.answers.append((asked_at, *self._ask()))
            gevent.sleep(0.1)

    def _ask(self) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            answer = connection.getresponse()
            failing = json.loads(answer.read()).get("failing", {})
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()
        return answer.status, ", ".join(failing)

    def count(self, status: int) -> int:
        return sum(answer[1] == status for answer in self.answers)

    def span(self, status: int) -> float:
        """Seconds from the first answer of this status to the last."""
        times = [answer[0] for answer in self.answers if answer[1] == status]
        return max(times) - min(times) if times else 0.0


class Messages:
    """A back end that goes on sending messages to Dora as long as the `with` lasts, and Dora, who reads them.

    Each is sent again under its `Idempotency-Key` until it is acknowledged (`sent`).
    """

    def __init__(self, hub: HubProcess, pause: float = 0.02) -> None:
        token = service_token(hub)
        self.sent: dict[str, str] = {}
        self.longest = 0.0
        self._recipient = Recipient(hub, user_token(hub, token, "dora"))
        self._calls = PersistentBackend(hub, token)
        self._pause = pause
        self._over = Event()
        self._greenlet = gevent.spawn(self._work)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._greenlet.kill()
        self._recipient.close()

    def _work(self) -> None:
        while not self._over.wait(self._pause):
            payload, began = f"message {len(self.sent)}", time.monotonic()
            body = {"users": ["dora"], "payload": payload}
            answer = self._calls.post("/api/message/notify", body, 90, **{"Idempotency-Key": payload})
            self.sent[answer["id"]] = payload
            self.longest = max(self.longest, time.monotonic() - began)

    def wait_arrived(self, timeout: float = 15.0) -> int:
        """Ends the sending; how many were acknowledged, once Dora has every one of them and no other."""
        self._over.set()
        self._greenlet.get(timeout=120)
        self._recipient.wait_for(lambda it: self.sent.keys() <= it.received.keys(), timeout)
        assert self._recipient.received == self.sent
        return len(self.sent)
