"""Messages from one worker to another: frames, answers and receipts, which belong to no topic.

Order holds per sender, and a message arrives at most once: none is stored for a worker that is not listening,
and what is on its way when the broker goes away is lost. Messages that one worker posts to another within a
turn of the loop, or while the round before is on its way, travel as one batch. What waits is bounded by
`WAITING_BYTES`: beyond it the newest message is dropped, so that order holds, and counted.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from struct import Struct

import gevent
from gevent.event import AsyncResult, Event

from app.realtime.broker.base import Broker, BrokerUnavailable
from app.realtime.pacing import PAUSE_EVERY, pause

log = logging.getLogger(__name__)

WAITING_BYTES = 8 * 1024 * 1024
MESSAGE_BYTES = 100  # what a waiting message takes beside its own length
SENDERS_KNOWN = 1000

Handler = Callable[[bytes], None]

_LENGTHS = Struct(">BI")  # of kind and message, which follow
_NUMBER = Struct(">Q")


class Mailbox:
    """`handlers` by kind are called in the listener's greenlet (for messages to this worker in another one):
    they must not block. `dropped` counts messages that reached no worker, or that no handler took."""

    def __init__(self, broker: Broker) -> None:
        self.handlers: dict[str, Handler] = {}
        self.dropped = 0
        self.worker = ""
        self._broker = broker
        self._outgoing: dict[str, _Batch] = {}
        self._outgoing_bytes = 0
        self._under_way = 0
        self._number = 0
        self._numbers: dict[str, int] = {}
        self._own: deque[tuple[str, bytes]] = deque()
        self._own_bytes = 0
        self._has_outgoing, self._has_own = Event(), Event()
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    def __len__(self) -> int:
        """Batches for other workers that the broker has not taken yet."""
        return len(self._outgoing) + self._under_way

    def start(self, worker: str) -> None:
        self.worker = worker
        self._broker.open_mailbox(worker, self._open)
        self._greenlets = [gevent.spawn(self._send_batches), gevent.spawn(self._handle_own)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)
        self._lose(list(self._outgoing.values()), BrokerUnavailable("the worker stops"))
        self._outgoing = {}

    def send(self, worker: str, kind: str, message: bytes) -> bool:
        """Whether that worker was listening. Raises BrokerUnavailable: it may or may not have been sent."""
        if worker == self.worker:
            self._put_own(kind, message)
            return True
        return bool(self._put(worker, kind, message).answer.get())

    def send_all(self, messages: Sequence[tuple[str, str, bytes]]) -> list[bool]:
        """As `send`, for many (worker, kind, message) to other workers, in one round."""
        batches = [self._put(worker, kind, message) for worker, kind, message in messages]
        return [bool(batch.answer.get()) for batch in batches]

    def post(self, worker: str, kind: str, message: bytes) -> None:
        """As `send`, without waiting for an answer. Never fails."""
        try:
            if worker == self.worker:
                self._put_own(kind, message)
            else:
                self._put(worker, kind, message)
        except BrokerUnavailable:
            self.dropped += 1

    # To this worker

    def _put_own(self, kind: str, message: bytes) -> None:
        if self._own_bytes > WAITING_BYTES:
            raise BrokerUnavailable("too many messages wait for this worker")
        self._own_bytes += len(message) + MESSAGE_BYTES
        self._own.append((kind, message))
        if len(self._own) == 1:
            self._has_own.set()

    def _handle_own(self) -> None:
        while True:
            self._has_own.wait()
            self._has_own.clear()
            self._handle_all(self._take_own())

    def _take_own(self) -> Iterator[tuple[str, bytes]]:
        while self._own:
            kind, message = self._own.popleft()
            self._own_bytes -= len(message) + MESSAGE_BYTES
            yield kind, message

    # To others

    def _put(self, worker: str, kind: str, message: bytes) -> "_Batch":
        if self._outgoing_bytes > WAITING_BYTES:
            raise BrokerUnavailable("too many messages wait for other workers")
        batch = self._outgoing.get(worker)
        if batch is None:
            batch = self._outgoing[worker] = _Batch()
            self._has_outgoing.set()
        name = kind.encode()
        batch.parts += (_LENGTHS.pack(len(name), len(message)), name, message)
        self._outgoing_bytes += len(message) + MESSAGE_BYTES
        return batch

    def _send_batches(self) -> None:
        while True:
            self._has_outgoing.wait()
            self._has_outgoing.clear()
            outgoing, self._outgoing = self._outgoing, {}
            self._outgoing_bytes = 0
            self._under_way = len(outgoing)
            try:
                self._send(outgoing)
            finally:
                self._under_way = 0

    def _send(self, outgoing: dict[str, "_Batch"]) -> None:
        batches = list(outgoing.values())
        try:
            heard = self._broker.send_mail(
                [(worker, self._wrap(batch)) for worker, batch in outgoing.items()]
            )
        except BrokerUnavailable as error:
            self._lose(batches, error)
        except BaseException as error:
            self._lose(batches, BrokerUnavailable(repr(error)))
            if not isinstance(error, Exception):
                raise  # the greenlet is killed
            log.exception("messages to other workers could not be sent")
        else:
            for batch, is_heard in zip(batches, heard, strict=True):
                self.dropped += 0 if is_heard else batch.count
                batch.answer.set(is_heard)

    def _wrap(self, batch: "_Batch") -> bytes:
        """The sender, which ends with LF, the batch's number, and the messages."""
        self._number += 1
        return b"".join((self.worker.encode(), b"\n", _NUMBER.pack(self._number), *batch.parts))

    def _lose(self, batches: list["_Batch"], error: BrokerUnavailable) -> None:
        for batch in batches:
            self.dropped += batch.count
            batch.answer.set_exception(error)

    # From others

    def _open(self, batch: bytes) -> None:
        """Called by the broker: nothing that arrives may stop its listener."""
        try:
            sender, number, start = _unwrap(batch)
            if number > self._numbers.get(sender, 0):
                self._remember(sender, number)
                self._handle_all(_messages(batch, start))
        except Exception:
            log.exception("a batch could not be read; the rest of it is lost")

    def _remember(self, sender: str, number: int) -> None:
        """A batch may come twice when its answer was lost. The senders heard longest ago are dropped."""
        self._numbers.pop(sender, None)
        self._numbers[sender] = number
        if len(self._numbers) > SENDERS_KNOWN:
            del self._numbers[next(iter(self._numbers))]

    def _handle_all(self, messages: Iterator[tuple[str, bytes]]) -> None:
        for count, (kind, message) in enumerate(messages, 1):
            self._handle(kind, message)
            if count % PAUSE_EVERY == 0:
                pause()

    def _handle(self, kind: str, message: bytes) -> None:
        handler = self.handlers.get(kind)
        try:
            if handler is not None:
                handler(message)
                return
            log.warning("no handler for messages of kind %r: is another release running elsewhere?", kind)
        except Exception:
            log.exception("a message of kind %r could not be handled", kind)
        self.dropped += 1


class _Batch:
    """What waits for one worker. `answer`: whether it was listening."""

    __slots__ = ("answer", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.answer: AsyncResult[bool] = AsyncResult()

    @property
    def count(self) -> int:
        return len(self.parts) // 3


def _unwrap(batch: bytes) -> tuple[str, int, int]:
    """Sender, number, and where the messages begin."""
    end = batch.index(b"\n")
    start = end + 1 + _NUMBER.size
    return batch[:end].decode(), _NUMBER.unpack_from(batch, end + 1)[0], start


def _messages(batch: bytes, start: int) -> Iterator[tuple[str, bytes]]:
    while start < len(batch):
        kind_length, length = _LENGTHS.unpack_from(batch, start)
        middle = start + _LENGTHS.size + kind_length
        end = middle + length
        if end > len(batch):
            raise ValueError("a batch ends before its last message")
        yield batch[middle - kind_length : middle].decode(), batch[middle:end]
        start = end
