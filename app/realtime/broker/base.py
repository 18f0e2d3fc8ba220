"""The contract of a broker, which every implementation passes the same tests for.

Guarantees:
- The events of a topic are numbered 1, 2, 3, … within an epoch, by the broker alone.
- An event is in the history before any subscriber hears of it; hearing is at most once. What was
  missed shows as a gap in the numbers, or as `interrupted`, and is read from the history.
- `publish` returns once the event is stored and sent; raising BrokerUnavailable means that it may or
  may not have been stored: publishing again with the same `key` and `is_retry` does not store it twice.
- The history is bounded by count, age and bytes; the newest event is always kept. The epoch and the
  number of the last event outlive the history by `POSITION_SECONDS`.
- Of a brief topic (`TopicKind.is_brief`) fewer events are kept, and its position only for `BRIEF_SECONDS`
  after the last read or publish. Without a position and without a subscriber, `publish` keeps nothing: the
  next reader gets a new epoch, and a reader that was interrupted meanwhile sees the change of epoch.
- A message to a mailbox goes to one worker and is stored nowhere; order holds per sender. It is lost when the
  worker is not listening, or while the broker is away.
- A topic whose numbers are lost gets a new epoch. Where a store that may have lost the newest events goes on
  (a replica took over, or it was restarted from its files), the epoch is succeeded by another: positions
  of the old epoch stay valid as far as the store knew them, and `is_lost` tells what it lost.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from app.realtime.broker.store import Store
from app.realtime.event import Position
from app.realtime.meters import Histogram
from app.realtime.topics import TopicKind, TopicKinds

BRIEF_SECONDS = 3600
POSITION_SECONDS = 30 * 24 * 3600
PAGE_EVENTS = 256
PAGE_BYTES = 256 * 1024


class BrokerUnavailable(Exception):
    """The broker can't be reached now; trying again later may help."""


@dataclass(frozen=True, slots=True)
class HistoryLimits:
    """Bounds of a topic's history: events, seconds, bytes of payload."""

    events: int = 1000
    seconds: int = 3600
    bytes: int = 8 * 1024 * 1024

    def of(self, kind: TopicKind) -> "HistoryLimits":
        """The bounds for a kind of topic: the history of a brief topic only bridges gaps in a connection."""
        if not kind.is_brief:
            return self
        return HistoryLimits(min(self.events, 100), min(self.seconds, 60), min(self.bytes, 256 * 1024))


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """A part of a history: payloads that follow each other, from `after` on.

    `top` is the topic's last position, in the epoch of all that is read; `after` may be of the one that it
    succeeded. `begun`: the number after which that epoch began. `is_lost`: what follows `after` is no
    longer available.
    """

    top: Position
    events: list[tuple[int, bytes]] = field(default_factory=list)
    is_lost: bool = False
    begun: int = 0


class Receiver(Protocol):
    """Receives events. It is called in the listener's greenlet, so it must neither block nor raise."""

    def receive(self, topic: str, position: Position, payload: bytes) -> None:
        """An event of a subscribed topic; numbers may skip or repeat after a disturbance."""

    def topic_reset(self, topic: str, position: Position) -> None:
        """The topic begins anew at `position`: earlier events are no longer available."""

    def interrupted(self) -> None:
        """Events of any topic may have been missed; every topic must catch up."""


class Events(ABC):
    """Topics: publishing, subscriptions and histories. `kinds` are those that the areas have added."""

    def __init__(self) -> None:
        self.kinds = TopicKinds()

    @abstractmethod
    def subscribe(self, topic: str) -> None:
        """Returns when events of the topic reach the receiver; raises BrokerUnavailable.

        A topic once subscribed stays so across lost connections, until `unsubscribe`.
        """

    @abstractmethod
    def unsubscribe(self, topic: str) -> None:
        """Never fails: while the broker is away there is nothing to undo."""

    @abstractmethod
    def publish(self, topic: str, payload: bytes, key: str, is_retry: bool = False) -> Position:
        """Stores and sends; `key` identifies the event across retries. Raises BrokerUnavailable."""

    @abstractmethod
    def publish_many(self, names: list[str], payload: bytes, key: str, is_retry: bool = False) -> None:
        """`publish` for each of the named topics, in few rounds. Raises BrokerUnavailable, when some may have
        it already."""

    @abstractmethod
    def reset(self, topic: str) -> Position:
        """Drops the topic's history and begins a new epoch, which every worker hears of."""

    @abstractmethod
    def forget(self, topic: str) -> None:
        """Drops history and position, and tells no worker: for topics of tools. Raises BrokerUnavailable."""

    @abstractmethod
    def top(self, topic: str) -> Position:
        """The position after the newest event; begins an epoch where there is none."""

    @abstractmethod
    def tops(self, topics: list[str]) -> list[Position]:
        """`top` of many topics in one round."""

    @abstractmethod
    def read(self, topic: str, after: Position) -> HistoryPage:
        """The history that follows `after`, up to about PAGE_EVENTS or PAGE_BYTES."""


class Mailboxes(ABC):
    """Messages from one worker to another."""

    @abstractmethod
    def open_mailbox(self, worker: str, deliver: Callable[[bytes], None]) -> None:
        """From now on, across lost connections, what is sent to `worker` reaches `deliver`, which is called
        in the listener's greenlet: see Receiver."""

    @abstractmethod
    def send_mail(self, batches: Sequence[tuple[str, bytes]]) -> list[bool]:
        """Sends to each worker its batch, in one round; whether it was listening. Raises BrokerUnavailable.

        A batch may arrive twice when its answer was lost: the mailbox must recognise it.
        """


class Link(ABC):
    """The connection to the broker: its state, and the means to find out that no events arrive."""

    @abstractmethod
    def start(self, receiver: Receiver) -> None:
        """Begins listening; returns at once, also when the broker can't be reached yet."""

    @abstractmethod
    def stop(self) -> None:
        """Ends listening and closes connections."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether events are being heard now."""

    @abstractmethod
    def ping(self) -> float:
        """Seconds that one round trip takes; raises BrokerUnavailable."""

    @property
    def round_trips(self) -> Histogram:
        """Seconds of pings that queue behind all that is on its way to the receiver."""
        return Histogram()

    @property
    def lag(self) -> float:
        """The last of these round trips."""
        return 0.0

    @property
    def silence(self) -> float:
        """Seconds since anything was heard."""
        return 0.0

    def routes(self, topic: str) -> list[str]:
        """Topics whose names begin with this one, such that one of them comes over each connection that
        events come over."""
        return [topic]

    def has_passed(self, topic: str, moment: float) -> bool:
        """Whether an event that was sent to a subscribed topic by that (monotonic) moment has been heard, or
        never will be: what left the broker later has come, over a connection that was there before."""
        return True

    def reconnect(self, topic: str) -> None:  # noqa: B027 - where nothing can be lost there is nothing to do
        """Connects anew where the topic's events come from; the receiver is told of the interruption."""


class Broker(Events, Mailboxes, Link):
    """See the module's docstring for what every implementation guarantees. `prefix` begins the names of
    keys."""

    prefix = ""

    @property
    @abstractmethod
    def store(self) -> Store | None:
        """The Redis behind it; None for the broker in this process."""
