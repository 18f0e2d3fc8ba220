"""An external task service over HTTP, with the moods of such services; it notes who asked what when."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import gevent
from gevent.event import Event
from gevent.pool import Pool
from gevent.pywsgi import WSGIServer

CONCEPT = {"title": "A red square", "details": {"elements": ["square"]}}


class Reply(NamedTuple):
    """An answer to give instead of the usual one; `before` is set free before it is given."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    wait_for: Event | None = None


class Call(NamedTuple):
    """One call as it arrived: `at` is monotonic, `worker` what the caller calls itself."""

    method: str
    task_id: str
    worker: str
    at: float
    status: int
    headers: dict[str, str]


@dataclass
class Mood:
    """Seconds that a task takes, and which shares of calls go wrong in which way."""

    task_seconds: tuple[float, float] = (0.0, 0.0)
    slow: float = 0.0
    slow_seconds: float = 0.5
    broken: float = 0.0
    busy: float = 0.0
    retry_after: str = "1"
    lost: float = 0.0
    failing: float = 0.0


@dataclass
class Task:
    ad_archive_id: str
    image_url: str
    done_at: float
    is_lost: bool = False
    is_failing: bool = False


@dataclass
class TaskService:
    """Use it in a `with`. What stands in `replies["GET"]` or `replies["POST"]` is given first, in order."""

    mood: Mood = field(default_factory=Mood)
    seed: int = 1
    tasks: dict[str, Task] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    replies: dict[str, deque[Reply]] = field(default_factory=lambda: defaultdict(deque))
    inside: int = 0
    most_inside: int = 0

    def __enter__(self) -> Self:
        self._random = random.Random(self.seed)
        self._listen(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=0)

    def _listen(self, port: int) -> None:
        # With a pool of its own, so that open connections end when it stops.
        self._pool = Pool()
        options = {"spawn": self._pool, "log": None, "error_log": None}
        self._server = WSGIServer(("127.0.0.1", port), self._answer, **options)
        self._server.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def connections(self) -> int:
        """Open ones; each has a greenlet here."""
        return len(self._pool)

    def go_away(self) -> None:
        """It refuses connections until `come_back`."""
        self._port = self._server.server_port
        self._server.stop(timeout=0)

    def come_back(self) -> None:
        self._listen(self._port)

    def then(self, method: str, *replies: Reply) -> None:
        self.replies[method].extend(replies)

    def asked(self, task_id: str = "") -> list[Call]:
        """Questions after a task, or after any."""
        return [call for call in self.calls if call.method == "GET" and task_id in {"", call.task_id}]

    def submitted(self) -> list[Call]:
        return [call for call in self.calls if call.method == "POST"]

    def handed_over(self) -> list[tuple[Call, Call]]:
        """Two questions after the same task, one after the other, by different workers."""
        last: dict[str, Call] = {}
        pairs = []
        for call in self.asked():
            before = last.get(call.task_id)
            if before is not None and before.worker != call.worker:
                pairs.append((before, call))
            last[call.task_id] = call
        return pairs

    def outcomes(self) -> Counter[int]:
        return Counter(call.status for call in self.calls)

    # The server

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            reply, task_id = self._reply(environ)
            self._note(environ, task_id, reply.status)
            if reply.wait_for is not None:
                reply.wait_for.wait(30)
            gevent.sleep(reply.seconds)
        finally:
            self.inside -= 1
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        start_response(f"{reply.status} X", [("Content-Type", "application/json"), *reply.headers])
        yield body

    def _note(self, environ: dict[str, Any], task_id: str, status: int) -> None:
        headers = {name[5:].lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        worker = headers.get("x_worker_id", "")
        method = environ["REQUEST_METHOD"]
        self.calls.append(Call(method, task_id, worker, time.monotonic(), status, headers))

    def _reply(self, environ: dict[str, Any]) -> tuple[Reply, str]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        body = json.loads(environ["wsgi.input"].read() or b"{}") if method == "POST" else {}
        task_id = path.removeprefix("/tasks").removeprefix("/")
        if self.replies[method]:
            return self.replies[method].popleft(), task_id
        bad = self._bad_reply()
        if bad is not None:
            return bad, task_id
        seconds = self.mood.slow_seconds if self._happens(self.mood.slow) else 0.0
        if method == "POST":
            return self._take_on(body)._replace(seconds=seconds), ""
        return self._show(task_id)._replace(seconds=seconds), task_id

    def _bad_reply(self) -> Reply | None:
        if self._happens(self.mood.broken):
            return Reply(500, b"<h1>Oops</h1>")
        if self._happens(self.mood.busy):
            return Reply(429, {"error": "slow down"}, (("Retry-After", self.mood.retry_after),))
        return None

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _take_on(self, body: dict[str, str]) -> Reply:
        task_id = f"t{len(self.tasks)}"
        # A task's fate goes by its number: who asks how often in between changes nothing.
        fate = random.Random(f"{self.seed}:{task_id}")
        done_at = time.monotonic() + fate.uniform(*self.mood.task_seconds)
        task = Task(body["ad_archive_id"], body["image_url"], done_at)
        task.is_lost, task.is_failing = fate.random() < self.mood.lost, fate.random() < self.mood.failing
        self.tasks[task_id] = task
        return Reply(202, {"task_id": task_id, "status": "pending"})

    def _show(self, task_id: str) -> Reply:
        task = self.tasks.get(task_id)
        if task is None or task.is_lost:
            return Reply(404, {"error": "no such task"})
        if time.monotonic() < task.done_at:
            return Reply(200, {"task_id": task_id, "status": "processing"})
        if task.is_failing:
            return Reply(200, {"task_id": task_id, "status": "failed", "error": "The image is damaged"})
        result = {"concept_json": {**CONCEPT, "ad": task.ad_archive_id}}
        return Reply(200, {"task_id": task_id, "status": "completed", "result": result})
