"""One WebSocket: what its bytes mean, what waits in it, and how it ends. How bytes travel its wire knows."""

import json
from collections import deque
from time import monotonic, time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from app.realtime.claims import Claims
from app.realtime.net.send_buffer import OnWritten, SendBuffer, report
from app.realtime.sockets import frames
from app.realtime.sockets.frames import Parser, ProtocolError
from app.realtime.sockets.token_bucket import TokenBucket

if TYPE_CHECKING:
    from app.realtime.sockets.epoll_transport import Transport
    from app.realtime.sockets.registry import Sockets

INBOX_MESSAGES = 64
INBOX_BYTES = 1024 * 1024
MOST_REFUSED = 100
LOST = 1006  # never on the wire: the connection ended without a close frame (RFC 6455, 7.4.1)
PING = frames.encode_frame(frames.PING, b"")


class SocketHandler(Protocol):
    """What an area does with its connections. The calls of one connection come one after the other, from a
    few greenlets that all connections share: none may block for long. What they raise is logged and closes
    the connection with 1011."""

    def opened(self, connection: "Connection") -> None:
        """First of all, once the handshake was answered."""

    def received(self, connection: "Connection", message: bytes) -> None:
        """A whole message; one that is not text is a `frames.Binary`."""

    def closed(self, connection: "Connection", code: int, reason: str) -> None:
        """Last of all and exactly once: by whomever it ended. 1005: without a code, 1006: without a word."""


class Accept(NamedTuple):
    """Whom a connection is for. `name` is the user's; without a handler nobody is told of it."""

    name: str
    claims: Claims
    handler: SocketHandler | None


class Refuse(NamedTuple):
    """Why a connection is closed as soon as it is open (RFC 6455, 7.4; at most 123 bytes of reason)."""

    code: int
    reason: str


NOBODY = Accept("", Claims("", "", 0), None)


class SocketLimits(NamedTuple):
    """Of every connection. A peer that answers no ping within `pong_seconds` is given up."""

    buffer_bytes: int = 1024 * 1024
    frame_bytes: int = 1024 * 1024
    frames_per_second: float = 1000.0
    frames_burst: int = 1000
    ping_seconds: int = 25
    pong_seconds: int = 10


class Connection:
    """`id` is unique in the cluster, `name` the user's. `code` is 0 while open, then how it ended.

    `is_deaf`: what the peer still sends is not looked at. `failure`: the rule it broke, for which it will be
    closed when its handler has what came before.
    `heard_at` and `pinged_at` are of the monotonic clock.
    """

    __slots__ = (
        "__weakref__",
        "_bucket",
        "_parser",
        "claims",
        "code",
        "failure",
        "fd",
        "frames_in",
        "frames_out",
        "handler",
        "heard_at",
        "id",
        "inbox",
        "inbox_bytes",
        "is_deaf",
        "is_opened",
        "is_paused",
        "is_scheduled",
        "name",
        "opened_at",
        "ping_at",
        "pinged_at",
        "reason",
        "send_buffer",
        "sockets",
        "transport",
    )

    def __init__(self, id_: str, accept: Accept, sockets: "Sockets", transport: "Transport") -> None:
        self.id = id_
        self.name, self.claims, self.handler = accept
        self.sockets = sockets
        self.transport = transport
        self.fd = -1
        self.code = 0
        self.reason = ""
        self.failure: Refuse | None = None
        self.send_buffer: SendBuffer | None = None
        self.inbox: deque[bytes] | None = None
        self.inbox_bytes = 0
        self.is_opened = self.is_scheduled = self.is_paused = self.is_deaf = False
        self.opened_at = self.heard_at = monotonic()
        self.frames_in = self.frames_out = 0
        self.ping_at = 0
        self.pinged_at = 0.0
        self._parser = Parser(sockets.bounds.frame_bytes)
        self._bucket = TokenBucket(sockets.bounds.frames_per_second, sockets.bounds.frames_burst)

    @property
    def is_open(self) -> bool:
        return not self.code

    @property
    def is_done(self) -> bool:
        """Neither side has anything more to say; there may be a backlog."""
        return self.is_deaf and self.code != 0

    # Sending

    def send(self, message: bytes, on_written: OnWritten | None = None) -> None:
        """One whole text frame (for a `Binary`, a binary one), after those before it.

        `on_written` may be called before this returns; it may not block. Past the limit of unsent bytes the
        connection is closed; one frame always fits.
        """
        if self.code:
            report(on_written, False)
        else:
            self._put(frames.encode(message), on_written)

    def ping(self) -> None:
        self.pinged_at = monotonic()
        self._put(PING)

    def _put(self, frame: bytes, on_written: OnWritten | None = None) -> None:
        meters = self.sockets.meters
        meters.frames_out += 1
        self.frames_out += 1
        meters.frame_bytes_out += len(frame)
        send_buffer = self.send_buffer
        if send_buffer is None:
            self.transport.write(self, frame, on_written)
        elif send_buffer.size + len(frame) > self.sockets.bounds.buffer_bytes:
            dropped = send_buffer.drop_unsent()
            self.close(1008, "slow consumer")
            for waiting in (*dropped, on_written):
                report(waiting, False)
        else:
            send_buffer.add(frame, on_written)

    # Ending

    def close(self, code: int, reason: str) -> None:
        """Says why and ends; what the peer sent and nobody looked at yet is dropped."""
        if self.code:
            return
        self.inbox, self.inbox_bytes = None, 0
        self._end(code, reason)
        self._say_goodbye(frames.encode_close(code, reason))

    def disconnect(self, reason: str) -> None:
        """Its bearer may not go on; `reason` is one of a stream's (`token_expired`, …)."""
        self.close(1008, reason.replace("_", " "))

    def fail(self, code: int, reason: str) -> None:
        """The peer broke a rule; what else it sends is not looked at."""
        self.is_deaf = True
        self.close(code, reason)
        self.transport.flush(self)

    def _fail_in_turn(self, failure: Refuse) -> None:
        if self.is_scheduled:
            self.is_deaf, self.failure = True, failure
        else:
            self.fail(*failure)

    def gone(self) -> None:
        """The wire has ended, with or without a goodbye."""
        send_buffer, self.send_buffer = self.send_buffer, None
        if not self.code:
            self._end(LOST, "")
        self.is_deaf = True
        self.sockets.leaving.pop(self, None)
        if send_buffer is not None:
            send_buffer.fail()

    def _end(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        self.sockets.forget(self)

    def _say_goodbye(self, frame: bytes) -> None:
        self.sockets.leave(self)
        if self.is_paused:
            self.is_paused = False
            self.transport.update_interest(self)
        if self.send_buffer is None:
            self.transport.write(self, frame, None)
        else:
            self.send_buffer.add(frame)

    # Receiving

    def feed(self, data: bytes) -> None:
        """Bytes of the peer, as they come."""
        now = monotonic()
        self._bucket.grow(now - self.heard_at)
        self.heard_at = now
        if self.is_deaf:
            return
        self.sockets.meters.frame_bytes_in += len(data)
        try:
            for opcode, payload in self._parser.feed(data):
                self._handle_frame(opcode, payload)
                if self.is_deaf:
                    return
        except ProtocolError as error:
            self._fail_in_turn(Refuse(error.code, error.reason))

    def _handle_frame(self, opcode: int, payload: bytes) -> None:
        self.sockets.meters.frames_in += 1
        self.frames_in += 1
        if opcode == frames.CLOSE:
            self._close_as_asked(payload)
        elif self.code:
            return
        elif not self._bucket.take():
            self._refuse_frame()
        elif opcode in (frames.TEXT, frames.BINARY):
            self._keep(payload)
        elif opcode == frames.PING:
            self._put(frames.encode_frame(frames.PONG, payload))

    def _keep(self, message: bytes) -> None:
        """For the handler. A peer that is faster than it is not listened to for a while."""
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(message)
        self.inbox_bytes += len(message)
        self.sockets.handler_pool.schedule(self)
        if not self.is_paused and (len(self.inbox) >= INBOX_MESSAGES or self.inbox_bytes >= INBOX_BYTES):
            self.is_paused = True
            self.transport.update_interest(self)

    def take(self) -> bytes | None:
        """The next message for the handler."""
        if not self.inbox:
            self.inbox = None
            return None
        message = self.inbox.popleft()
        self.inbox_bytes -= len(message)
        if self.is_paused and len(self.inbox) * 2 < INBOX_MESSAGES and self.inbox_bytes * 2 < INBOX_BYTES:
            self.is_paused = False
            self.transport.update_interest(self)
        return message

    def _close_as_asked(self, payload: bytes) -> None:
        """The peer's close frame: an answer to ours, or it is answered with the same (RFC 6455, 5.5.1)."""
        code, reason = frames.read_close(payload)
        self.is_deaf = True
        if not self.code:
            self._end(code, reason)
            self._say_goodbye(frames.encode_close(code))
        self.transport.flush(self)

    def _refuse_frame(self) -> None:
        """A frame too many is dropped, and the peer told once. Who goes on without a rest is closed."""
        self.sockets.meters.frames_limited += 1
        if self._bucket.refused == 1:
            error = {"type": "error", "message": "Too many messages", "timestamp": time()}
            self._put(frames.encode(json.dumps(error).encode()))
        elif self._bucket.refused > MOST_REFUSED:
            self._fail_in_turn(Refuse(1008, "rate limit exceeded"))
