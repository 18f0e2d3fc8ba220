"""Frames that a socket did not take yet, in order. A stream or a connection has one only while it needs one:
idle ones have none."""

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice

log = logging.getLogger(__name__)

FRAMES_PER_WRITE = 64

OnWritten = Callable[[bool], None]
"""Called once: with True when the kernel took the last byte, with False when the connection ended before."""


def report(on_written: OnWritten | None, is_written: bool) -> None:
    if on_written is not None:
        try:
            on_written(is_written)
        except Exception:  # the caller that waited may fail, the connection goes on
            log.exception("a callback of a written frame failed")


class SendBuffer:
    """`size` bytes are unsent. Of the first frame `_head` bytes were sent; while `_is_begun`, more of it may
    be on their way."""

    __slots__ = ("_frames", "_head", "_is_begun", "size")

    def __init__(self) -> None:
        self._frames: deque[tuple[bytes, OnWritten | None]] = deque()
        self._head = 0
        self._is_begun = False
        self.size = 0

    def add(self, frame: bytes, on_written: OnWritten | None = None, sent: int = 0) -> None:
        """`sent` bytes of the frame have left already; it is the first frame then."""
        self._frames.append((frame, on_written))
        self.size += len(frame) - sent
        if sent:
            self._head, self._is_begun = sent, True

    def first(self) -> list[bytes | memoryview]:
        """Unsent bytes for one vectored write; `advance` says how many were written."""
        frames: list[bytes | memoryview] = [frame for frame, _ in islice(self._frames, FRAMES_PER_WRITE)]
        if self._head:
            frames[0] = memoryview(frames[0])[self._head :]
        return frames

    def begin(self) -> bytes | memoryview:
        """The first frame, for a write that takes its time: meanwhile `drop_unsent` keeps it."""
        self._is_begun = True
        frame = self._frames[0][0]
        return memoryview(frame)[self._head :] if self._head else frame

    def advance(self, sent: int) -> None:
        self.size -= sent
        self._head += sent
        while self._frames and self._head >= len(self._frames[0][0]):
            frame, on_written = self._frames.popleft()
            self._head -= len(frame)
            self._is_begun = self._head > 0
            report(on_written, True)

    def drop_unsent(self) -> list[OnWritten | None]:
        """Keeps only a frame that was begun, since half a frame would break the stream. Returns the callbacks
        of the frames that were dropped."""
        kept = self._frames.popleft() if self._frames and (self._is_begun or self._head) else None
        dropped, self._frames, self.size = self._frames, deque(), 0
        if kept is not None:
            self._frames.append(kept)
            self.size = len(kept[0]) - self._head
        return [on_written for _, on_written in dropped]

    def fail(self) -> None:
        """The connection ended: nothing of this will be sent."""
        self._is_begun, self._head = False, 0
        for on_written in self.drop_unsent():
            report(on_written, False)
