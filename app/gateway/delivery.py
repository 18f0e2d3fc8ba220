"""Writes frames to connections on any worker, and tells the sender whether each was written.

Delivered means: the kernel of the worker that holds the connection took the frame's last byte. All frames
for one worker go in one message, and that worker answers with as few receipts as possible: one, unless a
reader is slow; then one with each tick, until the sender waits no longer.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import count
from time import monotonic

import orjson
from gevent.event import Event

from app.realtime.engine import Engine
from app.realtime.pacing import PAUSE_EVERY, pause
from app.realtime.presence import Holder

DELIVER, DELIVERED = "gateway.deliver", "gateway.delivered"
WAIT_SECONDS = 2.0

Verdict = tuple[int, bool]
"""The index of a frame in its delivery, and whether it was written."""


class AddressedFrame:
    """A frame for a connection; `index` is its place in the delivery."""

    __slots__ = ("connection", "frame", "index")

    def __init__(self, index: int, connection: str, frame: bytes) -> None:
        self.index = index
        self.connection = connection
        self.frame = frame


class PendingDelivery:
    """The verdicts that the sender waits for. A frame without a verdict in time counts as not delivered."""

    __slots__ = ("_done", "_left", "_verdicts")

    def __init__(self, size: int) -> None:
        self._verdicts: list[bool | None] = [None] * size
        self._left = size
        self._done: Event | None = None

    def note(self, index: int, is_written: bool) -> None:
        if self._verdicts[index] is None:
            self._verdicts[index] = is_written
            self._left -= 1
            if not self._left and self._done is not None:
                self._done.set()

    def wait(self, seconds: float) -> list[bool]:
        if self._left:
            self._done = Event()
            self._done.wait(seconds)
        return [verdict is True for verdict in self._verdicts]


class DeliveryReceipt:
    """The verdicts for the worker that sent the frames, as far as it was not told them yet."""

    __slots__ = ("_engine", "_left", "_number", "_origin", "_untold", "until")

    def __init__(self, engine: Engine, origin: str, number: int, size: int) -> None:
        self._engine = engine
        self._origin, self._number = origin, number
        self._left = size
        self._untold: list[Verdict] = []
        self.until = monotonic() + WAIT_SECONDS

    def note(self, index: int, is_written: bool) -> None:
        self._left -= 1
        self._untold.append((index, is_written))
        if not self._left:
            self.tell()

    @property
    def is_over(self) -> bool:
        return not self._left or monotonic() > self.until

    def tell(self) -> None:
        if self._untold:
            message = orjson.dumps([self._number, self._untold])
            self._untold = []
            self._engine.mailbox.post(self._origin, DELIVERED, message)


class FrameSender:
    """Of one worker: what it sends to others, and what they send to its connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers = count(1)
        self._deliveries: dict[int, PendingDelivery] = {}
        self._receipts: list[DeliveryReceipt] = []
        engine.mailbox.handlers[DELIVER] = self._accept
        engine.mailbox.handlers[DELIVERED] = self._hear
        engine.ticker.add(self._tick)

    def deliver(self, frames: Sequence[tuple[Holder | None, bytes]]) -> list[bool]:
        """Whether each frame was written within `WAIT_SECONDS`; one without a holder was not. Raises
        BrokerUnavailable."""
        delivery = PendingDelivery(len(frames))
        by_worker: defaultdict[str, list[AddressedFrame]] = defaultdict(list)
        for index, (holder, frame) in enumerate(frames):
            if holder is None:
                delivery.note(index, False)
            else:
                by_worker[holder.worker].append(AddressedFrame(index, holder.connection, frame))
        here = by_worker.pop(self._engine.worker_id, [])
        number = next(self._numbers)
        self._deliveries[number] = delivery
        try:
            self._send(number, delivery, by_worker)  # first, because it may fail
            self._write(here, delivery)
            return delivery.wait(WAIT_SECONDS)
        finally:
            del self._deliveries[number]

    def write(self, connection: str, frame: bytes) -> bool:
        """The same for one frame to a connection of this worker: the way of most pushes."""
        delivery = PendingDelivery(1)
        self._write([AddressedFrame(0, connection, frame)], delivery)
        return delivery.wait(WAIT_SECONDS)[0]

    # To other workers

    def _send(
        self, number: int, delivery: PendingDelivery, by_worker: dict[str, list[AddressedFrame]]
    ) -> None:
        here = self._engine.worker_id
        messages = [(worker, DELIVER, pack(here, number, frames)) for worker, frames in by_worker.items()]
        for worker, is_there in zip(by_worker, self._engine.mailbox.send_all(messages), strict=True):
            if not is_there:
                for addressed in by_worker[worker]:
                    delivery.note(addressed.index, False)

    def _hear(self, message: bytes) -> None:
        """A receipt of another worker. It may come after the delivery has ended: then it is dropped."""
        number, verdicts = orjson.loads(message)
        delivery = self._deliveries.get(number)
        if delivery is not None:
            for index, is_written in verdicts:
                delivery.note(index, is_written)

    # To connections

    def _accept(self, message: bytes) -> None:
        origin, number, frames = unpack(message)
        receipt = DeliveryReceipt(self._engine, origin, number, len(frames))
        self._write(frames, receipt)
        if not receipt.is_over:
            self._receipts.append(receipt)

    def _write(self, frames: list[AddressedFrame], verdicts: PendingDelivery | DeliveryReceipt) -> None:
        connections = self._engine.sockets.by_id
        for number, addressed in enumerate(frames, 1):
            if number % PAUSE_EVERY == 0:
                pause()  # a large batch shares the loop
            connection = connections.get(addressed.connection)
            if connection is None:
                verdicts.note(addressed.index, False)
            else:
                connection.send(addressed.frame, partial(verdicts.note, addressed.index))

    def _tick(self) -> None:
        for receipt in self._receipts:
            receipt.tell()
        self._receipts = [receipt for receipt in self._receipts if not receipt.is_over]


def pack(origin: str, number: int, frames: list[AddressedFrame]) -> bytes:
    """For `DELIVER`: a line of JSON, and the frames behind it as they are."""
    head = [origin, number, [(it.index, it.connection, len(it.frame)) for it in frames]]
    return b"\n".join((orjson.dumps(head), b"".join([it.frame for it in frames])))


def unpack(message: bytes) -> tuple[str, int, list[AddressedFrame]]:
    head, _, body = message.partition(b"\n")
    origin, number, entries = orjson.loads(head)
    frames, start = [], 0
    for index, connection, length in entries:
        frames.append(AddressedFrame(index, connection, body[start : start + length]))
        start += length
    return origin, number, frames
