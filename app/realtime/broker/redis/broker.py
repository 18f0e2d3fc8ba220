"""The broker between workers: Redis scripts number, store and send; one connection per worker listens, in a
cluster one per node.

Keys of a topic: `<prefix>:{<topic>}:h` (stream) and `:p` (hash), channel `<prefix>:{<topic>}`. The braces
are a hash tag (Redis Cluster specification), so that one script may touch them all. Messages
to a worker go through the channel `<prefix>:mail:<worker>`.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from app.realtime import topics
from app.realtime.broker.base import (
    BRIEF_SECONDS,
    PAGE_BYTES,
    PAGE_EVENTS,
    POSITION_SECONDS,
    Broker,
    HistoryLimits,
    HistoryPage,
    Receiver,
)
from app.realtime.broker.redis.cluster_listener import ClusterListener
from app.realtime.broker.redis.cluster_pipeline import ClusterPipeline
from app.realtime.broker.redis.cluster_slots import Cluster
from app.realtime.broker.redis.listener import Listener, Listening
from app.realtime.broker.redis.pipeline import Pipeline
from app.realtime.broker.redis.servers import SentinelMaster, StandaloneServer
from app.realtime.broker.redis.url import RedisUrl, read_url
from app.realtime.broker.store import Argument, Script, Store
from app.realtime.event import Position, new_epoch
from app.realtime.meters import Histogram
from app.realtime.topics import TopicKind

TOPICS_PER_ROUND = 200  # packing one round takes milliseconds, in which no other greenlet runs
_FOLDER = Path(__file__).parent


class RedisBroker(Broker):
    def __init__(self, url: str, limits: HistoryLimits | None = None, prefix: str = "hub") -> None:
        super().__init__()
        self.prefix = prefix
        self._limits = limits or HistoryLimits()
        found = read_url(url)
        send = "send_to_shard" if found.kind == "cluster" else "send"
        self._publish = _script(send, "brief", "epoch", "publish")
        self._read = _script("epoch", "read")
        self._reset = _script(send, "reset")
        self.pipeline, self._listener = _connections(found, f"{prefix}:{{".encode(), b"}")
        self._forget = _script("forget", names_server=False)
        self.pipeline.load((self._publish, self._read, self._reset, self._forget))

    def start(self, receiver: Receiver) -> None:
        self.pipeline.start()
        self._listener.start(receiver)

    def stop(self) -> None:
        self._listener.stop()
        self.pipeline.stop()

    def subscribe(self, topic: str) -> None:
        self._listener.subscribe(self._channel(topic))

    def unsubscribe(self, topic: str) -> None:
        self._listener.unsubscribe(self._channel(topic))

    def publish(self, topic: str, payload: bytes, key: str, is_retry: bool = False) -> Position:
        arguments = self._event(topic, payload, key, is_retry)
        # Should the connection fail half-way, the second attempt must say that it is one.
        again = (*arguments[:4], 1, *arguments[5:])
        return _position(self.pipeline.run(self._publish, self.keys(topic), arguments, again))

    def publish_many(self, names: list[str], payload: bytes, key: str, is_retry: bool = False) -> None:
        for start in range(0, len(names), TOPICS_PER_ROUND):
            some = names[start : start + TOPICS_PER_ROUND]
            self.pipeline.run_all(
                [
                    (self._publish, self.keys(topic), self._event(topic, payload, key, is_retry))
                    for topic in some
                ]
            )

    def _event(self, topic: str, payload: bytes, key: str, is_retry: bool) -> tuple[Argument, ...]:
        kind = self.kinds.of(topic)
        limits = self._limits.of(kind)
        bounds = (limits.events, limits.seconds, limits.bytes, _kept_seconds(kind))
        return (new_epoch(), self._channel(topic), payload, key, int(is_retry), *bounds, int(kind.is_brief))

    def reset(self, topic: str) -> Position:
        arguments = (new_epoch(), self._channel(topic), _kept_seconds(self.kinds.of(topic)))
        return _position(self.pipeline.run(self._reset, self.keys(topic), arguments))

    def forget(self, topic: str) -> None:
        self.pipeline.run(self._forget, self.keys(topic), (), ())

    def top(self, topic: str) -> Position:
        return _position(self.pipeline.run(self._read, self.keys(topic), self._only_top(topic)))

    def tops(self, topics: list[str]) -> list[Position]:
        calls = [(self._read, self.keys(topic), self._only_top(topic)) for topic in topics]
        return [_position(answer) for answer in self.pipeline.run_all(calls)]

    def read(self, topic: str, after: Position) -> HistoryPage:
        arguments = (new_epoch(), after.offset, PAGE_EVENTS, PAGE_BYTES, _kept_seconds(self.kinds.of(topic)))
        answer = self.pipeline.run(self._read, self.keys(topic), arguments)
        top = _position(answer)
        _, _, flat, earlier, until = answer
        events = [(flat[i], flat[i + 1]) for i in range(0, len(flat), 2)]
        # Numbers without a hole end at `top` only if the page starts right after `after`.
        is_whole = events[0][0] == after.offset + 1 if events else after.offset == top.offset
        # Another server took over; it knew the history at least up to there.
        is_succeeded = earlier == after.epoch.encode() and after.offset <= int(until)
        if is_whole and (after.epoch == top.epoch or is_succeeded):
            return HistoryPage(top, events)
        return HistoryPage(top, is_lost=True, begun=int(until or 0))

    def open_mailbox(self, worker: str, deliver: Callable[[bytes], None]) -> None:
        self._listener.hear(self._mailbox(worker), deliver)

    def send_mail(self, batches: Sequence[tuple[str, bytes]]) -> list[bool]:
        messages = [(self._mailbox(worker), batch) for worker, batch in batches]
        return [listeners > 0 for listeners in self.pipeline.publish_all(messages)]

    def routes(self, topic: str) -> list[str]:
        return self._listener.routes(topic)

    def has_passed(self, topic: str, moment: float) -> bool:
        return self._listener.has_passed(self._channel(topic), moment)

    def reconnect(self, topic: str) -> None:
        self._listener.reconnect(self._channel(topic))

    @property
    def store(self) -> Store:
        return self.pipeline

    @property
    def is_connected(self) -> bool:
        return self._listener.is_connected

    @property
    def round_trips(self) -> Histogram:
        return self._listener.round_trips

    @property
    def lag(self) -> float:
        return self._listener.lag

    @property
    def silence(self) -> float:
        return self._listener.silence

    def ping(self) -> float:
        """By a script that may write: a server that only answers PING is of no use."""
        started = monotonic()
        self.top(topics.CONTROL)
        return monotonic() - started

    def _only_top(self, topic: str) -> tuple[Argument, ...]:
        return (new_epoch(), "", 0, 0, _kept_seconds(self.kinds.of(topic)))

    def _channel(self, topic: str) -> bytes:
        return f"{self.prefix}:{{{topic}}}".encode()

    def _mailbox(self, worker: str) -> bytes:
        return f"{self.prefix}:mail:{worker}".encode()

    def keys(self, topic: str) -> tuple[bytes, bytes]:
        """Of its history and of its position, as Redis has them."""
        channel = self._channel(topic)
        return channel + b":h", channel + b":p"


def _kept_seconds(kind: TopicKind) -> int:
    """How long the position of a topic is kept."""
    return BRIEF_SECONDS if kind.is_brief else POSITION_SECONDS


def _connections(url: RedisUrl, before: bytes, after: bytes) -> tuple[Pipeline, Listening]:
    """The pipeline that commands go to, and the listener that events come from."""
    if url.kind == "cluster":
        cluster = Cluster(url)
        return ClusterPipeline(cluster), ClusterListener(cluster, before, after)
    endpoint = SentinelMaster(url) if url.kind == "sentinel" else StandaloneServer(url.server)
    return Pipeline(endpoint), Listener(endpoint, before, after)


def _script(*names: str, names_server: bool = True) -> Script:
    return Script("".join((_FOLDER / f"{name}.lua").read_text() for name in names), names_server)


def _position(answer: list) -> Position:  # type: ignore[type-arg]
    return Position(answer[0].decode(), answer[1])
