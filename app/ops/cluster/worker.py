"""This worker's answers to a survey, as JSON. The size of each answer is bounded."""

import os
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from heapq import nsmallest
from time import monotonic
from typing import Any

import orjson

from app.ops.metrics.process import ProcessStats
from app.realtime import topics
from app.realtime.engine import Engine
from app.realtime.sockets.connection import Connection
from app.realtime.streams.topic import Topic

STATS, CONNECTIONS, TOPICS, COUNTS = "ops.stats", "ops.connections", "ops.topics", "ops.counts"
PRIVATE = "private"  # streams without a topic: responses to POST /sse/send

Json = dict[str, Any]


class WorkerReport:
    def __init__(self, engine: Engine, process: ProcessStats) -> None:
        self._engine = engine
        self._process = process
        self._began = monotonic()

    @property
    def questions(self) -> dict[str, Callable[[bytes], bytes]]:
        answers = {
            STATS: self.stats,
            CONNECTIONS: self.connections,
            TOPICS: self.topics,
            COUNTS: self.counts,
        }
        return {kind: _json(answer) for kind, answer in answers.items()}

    def stats(self, question: Json) -> Json:
        """`worker` is its entry in the list of workers; times in seconds, memory in bytes."""
        engine = self._engine
        return {
            "worker": {
                "id": engine.worker_id,
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "uptime": round(monotonic() - self._began, 1),
                "memory": self._process.resident_bytes().get(()),
                "streams": engine.hub.stream_count,
                "sockets": len(engine.sockets),
                "topics": sum(1 for _ in self._topics()),
                "published": engine.meters.published,
                "delivered": engine.dispatcher.delivered,
                "frames": {"in": engine.meters.frames_in, "out": engine.meters.frames_out},
                "lag": round(engine.broker.lag, 6),
                "canary_age": round(engine.canary.age, 3),
                "outbox": len(engine.outbox),
                "draining": engine.is_draining,
            },
            "streams_by_kind": self._streams_by_kind(),
            "stream_ends": engine.hub.ended,
            "socket_ends": engine.meters.socket_ends,
        }

    def connections(self, question: Json) -> Json:
        """The first `most` connections by name whose names begin with `prefix` and follow `after`; `total`
        counts all with that prefix."""
        prefix, after = question["prefix"], question["after"]
        found = [it for it in self._engine.sockets if it.name.startswith(prefix)]
        rest = (it for it in found if it.name > after)
        first = nsmallest(question["most"], rest, key=lambda it: it.name)
        return {
            "connections": [self._shown(it) for it in first],
            "total": len(found),
            "streams_by_kind": self._streams_by_kind(),
        }

    def _shown(self, connection: Connection) -> Json:
        since = datetime.now(UTC) - timedelta(seconds=monotonic() - connection.opened_at)
        return {
            "name": connection.name,
            "worker": self._engine.worker_id,
            "since": since.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "frames": {"in": connection.frames_in, "out": connection.frames_out},
        }

    def topics(self, question: Json) -> Json:
        """The names of the first `most` topics, by subscribers of this worker or by events."""
        key = _events if question["sort"] == "events" else _subscribers
        first = nsmallest(question["most"], self._topics(), key=lambda it: (-key(it), it.name))
        return {"names": [it.name for it in first]}

    def counts(self, question: Json) -> Json:
        """[subscribers, events] of each of these topics that has subscribers here."""
        found = (self._engine.hub.topics.get(name) for name in question["names"])
        return {it.name: [_subscribers(it), _events(it)] for it in found if it is not None and it.subscribers}

    def _topics(self) -> Iterable[Topic]:
        return (it for it in self._engine.hub.topics.values() if it.subscribers)

    def _streams_by_kind(self) -> Counter[str]:
        kinds: Counter[str] = Counter()
        for topic in self._topics():
            kinds[topics.kind(topic.name)] += len(topic.subscribers)
        others = self._engine.hub.stream_count - kinds.total()
        return kinds + Counter({PRIVATE: others})


def _subscribers(topic: Topic) -> int:
    return len(topic.subscribers)


def _events(topic: Topic) -> int:
    """Since the topic began; the same on every worker that is up to date."""
    return topic.position.offset if topic.position is not None else 0


def _json(answer: Callable[[Json], Json]) -> Callable[[bytes], bytes]:
    return lambda question: orjson.dumps(answer(orjson.loads(question)))
