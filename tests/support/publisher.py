"""Numbered notifications, posted one after the other, and the proof that every stream got them all."""

from __future__ import annotations

import http.client
import itertools
import time

import gevent
from gevent.event import Event

from tests.support.eventsource import EventSource
from tests.support.hub import HubProcess


class Publisher:
    """Posts `NAME:0`, `NAME:1`, … over one kept-alive connection, to the worker `pid` as long as that lives.

    A post without an answer, or answered by 503, may or may not have been published: it is posted again, and
    is allowed to arrive twice (`repeated`). `acknowledged` is what must arrive. `pause` is how many seconds
    it waits after each.
    """

    def __init__(
        self,
        hub: HubProcess,
        constellation: str,
        token: str,
        name: str,
        pid: int | None = None,
        *,
        pause: float = 0.0,
    ) -> None:
        self.name = name
        self.acknowledged: list[int] = []
        self.repeated: set[int] = set()
        self._hub, self._pid, self._pause = hub, pid, pause
        self._path = f"/sse/notify/{constellation}"
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
        self._connection: http.client.HTTPConnection | None = None

    def publish(self, count: int) -> None:
        for number in range(count):
            self._publish(number)
            if self._pause:
                gevent.sleep(self._pause)

    def publish_until(self, over: Event) -> None:
        """As patiently as it takes to sit out half a minute without a broker."""
        for number in itertools.count():
            self._publish(number, patience=60)
            if over.wait(self._pause):
                return

    def _publish(self, number: int, patience: float = 15.0) -> None:
        deadline = time.monotonic() + patience
        while not self._post(f"{self.name}:{number}"):
            self.repeated.add(number)
            assert time.monotonic() < deadline, (
                f"{self.name}:{number} is not accepted; {self._hub.child.tail()}"
            )
            gevent.sleep(0.05)
        self.acknowledged.append(number)

    def _post(self, body: str) -> bool:
        try:
            if self._connection is None:
                pid = self._pid if self._pid in self._hub.worker_pids() else None
                self._connection = self._hub.connection(pid)
            self._connection.request("POST", self._path, body=body, headers=self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (
            OSError,
            http.client.HTTPException,
            AssertionError,
        ):  # the last: no worker accepts
            self.close()
            return False
        assert answer.status in (200, 503), f"{answer.status} {text[:500]!r}"
        return answer.status == 200

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def assert_complete(source: EventSource, publishers: list[Publisher]) -> None:
    """What the publishers sent is there in their order, nothing twice but what was posted twice."""
    ids = [event.last_event_id for event in source.messages]
    assert len(set(ids)) == len(ids), f"a position came twice: {source}"
    assert not source.named("stream.reset"), str(source)
    for publisher in publishers:
        numbers = [
            int(number)
            for name, _, number in (text.partition(":") for text in source.data)
            if name == publisher.name
        ]
        missing = set(publisher.acknowledged) - set(numbers)
        assert not missing, f"{publisher.name}: {len(missing)} missing, {sorted(missing)[:10]}: {source}"
        assert numbers == sorted(numbers), f"{publisher.name} is out of order: {source}"
        doubles = (
            {number for number in numbers if numbers.count(number) > 1}
            if len(set(numbers)) < len(numbers)
            else set()
        )
        assert doubles <= publisher.repeated, f"{publisher.name}: twice {sorted(doubles)[:10]}: {source}"
