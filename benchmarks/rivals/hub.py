"""This hub, through its API: accounts, tokens, rights, history and cursor ids are all on.

`MeasuredHub` is one worker with the in-process broker; `HubOverRedis` is two workers and a
Redis of the benchmark's own.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping

from benchmarks.harness.http import Answer, HttpConnection, request
from benchmarks.harness.install import Missing, program
from benchmarks.harness.places import ROOT
from benchmarks.harness.process import ServerProcess
from benchmarks.harness.schedule import Pool, flood
from benchmarks.rivals.base import Command, Server
from benchmarks.rivals.gunicorn import gunicorn
from tests.support.services import RedisServer

MAX_STREAMS = 19_000
MIGRATE_SECONDS = 60


class MeasuredHub(Server):
    key = "hub"
    label = "this hub, 1 worker"

    def __init__(self) -> None:
        super().__init__()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._token = ""

    def prepare(self) -> None:
        if not (ROOT / "wsgi.py").exists() or not (ROOT / "gunicorn.conf.py").exists():
            raise Missing("wsgi.py or gunicorn.conf.py is not there")

    def settings(self) -> dict[str, str]:
        """The environment of the hub, beside what every gunicorn here gets."""
        assert self._folder is not None
        return {
            "APP_CONFIG": "development",
            "DATABASE_URL": f"sqlite:///{self._folder.name}/hub.db",
            "INSTANCE_PATH": self._folder.name,
            "REDIS_URL": "",
            "RATELIMIT_ENABLED": "0",
            "MAX_STREAMS": str(MAX_STREAMS),
            "WS_RATE": "1000000/second",  # a bot that answers as fast as it can is what is measured
        }

    def command(self, port: int) -> Command:
        return gunicorn("wsgi:app", port, self.settings())

    def start(self, port: int, core: int | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-hub-")
        self._migrate()
        super().start(port, core)

    def get_ready(self) -> None:
        """Through the API: an account, a constellation, and one event on it."""
        self._token = self._register()
        self.use_topic(next(self.make_topics(1)))
        super().get_ready()

    def stop(self) -> None:
        super().stop()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def use_topic(self, topic: str) -> None:
        """Subscribe to and publish on this constellation from now on."""
        self.subscribe_path, self.publish_path = stream_path(topic), notify_path(topic)

    def publish(self, body: bytes) -> bytes:
        return self.publish_on(self.publish_path, body)

    def publish_on(self, path: str, body: bytes) -> bytes:
        return request("POST", path, body, {**self.headers, "Content-Type": "application/json"})

    def make_topics(self, count: int, seconds: float = 60) -> Iterator[str]:
        """Make constellations through the API; fewer than asked for when the time is over."""
        wires = (self._post("/constellations", {"name": f"topic {number}"}) for number in range(count))
        made: list[str] = []
        with Pool(self.port, min(count, 4)) as pool:
            flood(
                pool,
                wires,
                seconds=seconds,
                keep=lambda answer: made.append(field_of(answer, "constellation_uuid")),
            )
        return iter(made)

    def _migrate(self) -> None:
        """Make the tables, as an operator does."""
        argv = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
        process = ServerProcess("migrate", argv, core=None, env=self.settings(), cwd=ROOT)
        try:
            process.wait_well(MIGRATE_SECONDS)
        finally:
            process.end()

    def _register(self) -> str:
        person = {"name": "bench", "email": "bench@example.com", "password": "correct horse battery staple"}
        with HttpConnection(self.port) as connection:
            return field_of(connection.ask(self._post("/register", person)), "access_token")

    def _post(self, path: str, body: Mapping[str, str]) -> bytes:
        fields = {"Content-Type": "application/json", **(self.headers if self._token else {})}
        return request("POST", path, json.dumps(body).encode(), fields)


class HubOverRedis(MeasuredHub):
    key = "hub-redis"
    label = "this hub, 2 workers over Redis"

    def __init__(self) -> None:
        super().__init__()
        self._redis: RedisServer | None = None

    def prepare(self) -> None:
        super().prepare()
        program("redis-server")

    def settings(self) -> dict[str, str]:
        return {**super().settings(), "REDIS_URL": self.redis_url, "WEB_CONCURRENCY": "2"}

    def start(self, port: int, core: int | None) -> None:
        self._redis = RedisServer(core=core)
        self._redis.start()
        super().start(port, core)

    def stop(self) -> None:
        super().stop()
        if self._redis is not None:
            self._redis.close()

    @property
    def redis_url(self) -> str:
        return "" if self._redis is None else self._redis.url

    def companions(self) -> dict[str, list[int]]:
        return {} if self._redis is None else {"Redis": self._redis.pids()}


def stream_path(topic: str) -> str:
    return f"/sse/updates/{topic}"


def notify_path(topic: str) -> str:
    return f"/sse/notify/{topic}"


def field_of(answer: Answer, name: str) -> str:
    if not answer.is_good:
        raise Missing(f"answered {answer.status}: {answer.body[:80].decode(errors='replace')}")
    return str(json.loads(answer.body)[name])
