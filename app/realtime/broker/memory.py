"""The in-process broker: one worker, no other program, the same guarantees."""

from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic

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
from app.realtime.event import Position, new_epoch

SWEEP_SECONDS = 60


class _Log:
    """The history of one topic: (offset, payload, key, time), oldest first."""

    __slots__ = ("bytes", "entries", "epoch", "offset", "touched")

    def __init__(self) -> None:
        self.epoch = new_epoch()
        self.offset = 0
        self.bytes = 0
        self.entries: deque[tuple[int, bytes, str, float]] = deque()
        self.touched = monotonic()

    def append(self, payload: bytes, key: str) -> None:
        self.offset += 1
        self.bytes += len(payload)
        self.touched = monotonic()
        self.entries.append((self.offset, payload, key, self.touched))

    def trim(self, limits: HistoryLimits) -> None:
        oldest_kept = monotonic() - limits.seconds
        entries = self.entries
        while len(entries) > 1 and (len(entries) > limits.events or self.bytes > limits.bytes):
            self.bytes -= len(entries.popleft()[1])
        while entries and entries[0][3] < oldest_kept:
            self.bytes -= len(entries.popleft()[1])


class MemoryBroker(Broker):
    def __init__(self, limits: HistoryLimits | None = None) -> None:
        super().__init__()
        self._limits = limits or HistoryLimits()
        self._logs: dict[str, _Log] = {}
        self._subscribed: set[str] = set()
        self._receiver: Receiver | None = None
        self._mailboxes: dict[str, Callable[[bytes], None]] = {}
        self._swept = monotonic()

    def start(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def stop(self) -> None:
        self._receiver = None

    def subscribe(self, topic: str) -> None:
        self._subscribed.add(topic)

    def unsubscribe(self, topic: str) -> None:
        self._subscribed.discard(topic)

    def publish(self, topic: str, payload: bytes, key: str, is_retry: bool = False) -> Position:
        if self.kinds.of(topic).is_brief and topic not in self._subscribed and topic not in self._logs:
            return Position(new_epoch(), 0)
        log = self._log(topic)
        if is_retry:
            for offset, _, known, _ in reversed(log.entries):
                if known == key:
                    return Position(log.epoch, offset)
        log.append(payload, key)
        log.trim(self._limits.of(self.kinds.of(topic)))
        position = Position(log.epoch, log.offset)
        if self._receiver is not None and topic in self._subscribed:
            self._receiver.receive(topic, position, payload)
        return position

    def publish_many(self, names: list[str], payload: bytes, key: str, is_retry: bool = False) -> None:
        for topic in names:
            self.publish(topic, payload, key, is_retry)

    def reset(self, topic: str) -> Position:
        log = self._logs[topic] = _Log()
        position = Position(log.epoch, 0)
        if self._receiver is not None and topic in self._subscribed:
            self._receiver.topic_reset(topic, position)
        return position

    def forget(self, topic: str) -> None:
        self._logs.pop(topic, None)

    def top(self, topic: str) -> Position:
        log = self._log(topic)
        return Position(log.epoch, log.offset)

    def tops(self, topics: list[str]) -> list[Position]:
        return [self.top(topic) for topic in topics]

    def read(self, topic: str, after: Position) -> HistoryPage:
        log = self._log(topic)
        log.trim(self._limits.of(self.kinds.of(topic)))
        top = Position(log.epoch, log.offset)
        missing = top.offset - after.offset
        if after.epoch != top.epoch or missing < 0 or missing > len(log.entries):
            return HistoryPage(top, is_lost=True)
        events: list[tuple[int, bytes]] = []
        size = 0
        for index in range(len(log.entries) - missing, len(log.entries)):
            if len(events) >= PAGE_EVENTS or size > PAGE_BYTES:
                break
            offset, payload, _, _ = log.entries[index]
            events.append((offset, payload))
            size += len(payload)
        return HistoryPage(top, events)

    def open_mailbox(self, worker: str, deliver: Callable[[bytes], None]) -> None:
        self._mailboxes[worker] = deliver

    def send_mail(self, batches: Sequence[tuple[str, bytes]]) -> list[bool]:
        for worker, batch in batches:
            if worker in self._mailboxes:
                self._mailboxes[worker](batch)
        return [worker in self._mailboxes for worker, _ in batches]

    @property
    def store(self) -> None:
        return None

    @property
    def is_connected(self) -> bool:
        return self._receiver is not None

    def ping(self) -> float:
        return 0.0

    def _log(self, topic: str) -> _Log:
        self._sweep()
        log = self._logs.get(topic)
        if log is None:
            log = self._logs[topic] = _Log()
        return log

    def _sweep(self) -> None:
        """Once a minute, drops histories that ran out and topics that were unused for weeks."""
        if monotonic() - self._swept < SWEEP_SECONDS:
            return
        self._swept = monotonic()
        for topic, log in list(self._logs.items()):
            log.trim(self._limits.of(self.kinds.of(topic)))
            kept = BRIEF_SECONDS if self.kinds.of(topic).is_brief else POSITION_SECONDS
            if log.touched < self._swept - kept and topic not in self._subscribed:
                del self._logs[topic]
