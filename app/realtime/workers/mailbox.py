"""Messages from one worker to another: the frames, answers and receipts that no topic is about.

In order per sender, and at most once: nothing is kept for a worker that is not listening, and what is under
way when the broker goes away is lost. What one worker posts to another within a turn of the loop, or while
the round before is under way, travels as one parcel. What waits is bounded by `WAITING_BYTES`; what comes
beyond that is dropped (the newest goes, so that order holds) and counted.
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
    """`handlers` by kind are called in the listener's greenlet (for this worker's own mail in another one):
    they must not block. `dropped` counts messages that never reached a worker, or that none could handle."""

    def __init__(self, broker: Broker) -> None:
        self.handlers: dict[str, Handler] = {}
        self.dropped = 0
        self._broker = broker
        self._worker = ""
        self._outgoing: dict[str, _Parcel] = {}
        self._outgoing_bytes = 0
        self._under_way = 0
        self._number = 0
        self._numbers: dict[str, int] = {}
        self._own: deque[tuple[str, bytes]] = deque()
        self._own_bytes = 0
        self._has_outgoing, self._has_own = Event(), Event()
        self._greenlets: list[gevent.Greenlet[..., None]] = []

    def __len__(self) -> int:
        """Parcels for other workers that were not handed over yet."""
        return len(self._outgoing) + self._under_way

    def start(self, worker: str) -> None:
        self._worker = worker
        self._broker.open_mailbox(worker, self._open)
        self._greenlets = [gevent.spawn(self._carry_for_ever), gevent.spawn(self._handle_own)]

    def stop(self) -> None:
        gevent.killall(self._greenlets)
        self._lose(list(self._outgoing.values()), BrokerUnavailable("the worker stops"))
        self._outgoing = {}

    def send(self, worker: str, kind: str, message: bytes) -> bool:
        """Whether that worker was listening. Raises BrokerUnavailable: it may or may not have been sent."""
        if worker == self._worker:
            self._put_own(kind, message)
            return True
        return bool(self._put(worker, kind, message).answer.get())

    def send_all(self, messages: Sequence[tuple[str, str, bytes]]) -> list[bool]:
        """As `send`, for many (worker, kind, message) to other workers, in one round."""
        parcels = [self._put(worker, kind, message) for worker, kind, message in messages]
        return [bool(parcel.answer.get()) for parcel in parcels]

    def post(self, worker: str, kind: str, message: bytes) -> None:
        """The same without waiting for an answer. Never fails."""
        try:
            if worker == self._worker:
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

    def _put(self, worker: str, kind: str, message: bytes) -> "_Parcel":
        if self._outgoing_bytes > WAITING_BYTES:
            raise BrokerUnavailable("too many messages wait for other workers")
        parcel = self._outgoing.get(worker)
        if parcel is None:
            parcel = self._outgoing[worker] = _Parcel()
            self._has_outgoing.set()
        name = kind.encode()
        parcel.parts += (_LENGTHS.pack(len(name), len(message)), name, message)
        self._outgoing_bytes += len(message) + MESSAGE_BYTES
        return parcel

    def _carry_for_ever(self) -> None:
        while True:
            self._has_outgoing.wait()
            self._has_outgoing.clear()
            outgoing, self._outgoing = self._outgoing, {}
            self._outgoing_bytes = 0
            self._under_way = len(outgoing)
            try:
                self._carry(outgoing)
            finally:
                self._under_way = 0

    def _carry(self, outgoing: dict[str, "_Parcel"]) -> None:
        parcels = list(outgoing.values())
        try:
            heard = self._broker.send_mail(
                [(worker, self._wrap(parcel)) for worker, parcel in outgoing.items()]
            )
        except BrokerUnavailable as error:
            self._lose(parcels, error)
        except BaseException as error:
            self._lose(parcels, BrokerUnavailable(repr(error)))
            if not isinstance(error, Exception):
                raise  # the greenlet is killed
            log.exception("mail could not be sent")
        else:
            for parcel, is_heard in zip(parcels, heard, strict=True):
                self.dropped += 0 if is_heard else parcel.count
                parcel.answer.set(is_heard)

    def _wrap(self, parcel: "_Parcel") -> bytes:
        """The sender, which ends with LF, the parcel's number, and the messages."""
        self._number += 1
        return b"".join((self._worker.encode(), b"\n", _NUMBER.pack(self._number), *parcel.parts))

    def _lose(self, parcels: list["_Parcel"], error: BrokerUnavailable) -> None:
        for parcel in parcels:
            self.dropped += parcel.count
            parcel.answer.set_exception(error)

    # From others

    def _open(self, parcel: bytes) -> None:
        """Called by the broker: nothing that arrives may stop its listener."""
        try:
            sender, number, start = _unwrap(parcel)
            if number > self._numbers.get(sender, 0):
                self._remember(sender, number)
                self._handle_all(_messages(parcel, start))
        except Exception:
            log.exception("a parcel could not be opened; what was left in it is lost")

    def _remember(self, sender: str, number: int) -> None:
        """A parcel may come twice when its answer was lost. The senders heard longest ago are forgotten."""
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
            log.warning("mail of kind %r is for nobody here: is another release running elsewhere?", kind)
        except Exception:
            log.exception("mail of kind %r could not be handled", kind)
        self.dropped += 1


class _Parcel:
    """What waits for one worker. `answer`: whether it was listening."""

    __slots__ = ("answer", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.answer: AsyncResult[bool] = AsyncResult()

    @property
    def count(self) -> int:
        return len(self.parts) // 3


def _unwrap(parcel: bytes) -> tuple[str, int, int]:
    """Sender, number, and where the messages begin."""
    end = parcel.index(b"\n")
    start = end + 1 + _NUMBER.size
    return parcel[:end].decode(), _NUMBER.unpack_from(parcel, end + 1)[0], start


def _messages(parcel: bytes, start: int) -> Iterator[tuple[str, bytes]]:
    while start < len(parcel):
        kind_length, length = _LENGTHS.unpack_from(parcel, start)
        middle = start + _LENGTHS.size + kind_length
        end = middle + length
        if end > len(parcel):
            raise ValueError("a parcel ends before its last message")
        yield parcel[middle - kind_length : middle].decode(), parcel[middle:end]
        start = end
