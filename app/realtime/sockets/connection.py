"""One WebSocket: what its bytes mean, what waits in it, and how it ends. A transport carries the bytes."""

import json
from collections import deque
from time import monotonic, time
from typing import NamedTuple, Protocol

from app.realtime.claims import Claims
from app.realtime.meters import Meters
from app.realtime.net.send_buffer import OnWritten, SendBuffer, report
from app.realtime.sockets import frames
from app.realtime.sockets.frames import Parser, ProtocolError
from app.realtime.sockets.token_bucket import TokenBucket

UNREAD_MESSAGES = 64
UNREAD_BYTES = 1024 * 1024
MOST_REFUSED = 100
LOST = 1006  # never on the wire: the connection ended without a close frame (RFC 6455, 7.4.1)
PING = frames.encode_frame(frames.PING, b"")


class SocketHandler(Protocol):
    """What an area does with its connections. The calls for one connection come one after the other, from the
    few greenlets of the handler pool, which all connections share: no call may block for long. An exception
    is logged and closes the connection with 1011."""

    def opened(self, connection: "Connection") -> None:
        """The first call, after the handshake was answered."""

    def received(self, connection: "Connection", message: bytes) -> None:
        """A whole message; a message that is not text is a `frames.Binary`."""

    def closed(self, connection: "Connection", code: int, reason: str) -> None:
        """The last call, made exactly once, whichever side ended the connection. 1005: the peer gave no code,
        1006: there was no close frame."""


class Accept(NamedTuple):
    """For whom a connection is opened. `name` is the user's; without a handler no area learns of it."""

    name: str
    claims: Claims
    handler: SocketHandler | None


class Refuse(NamedTuple):
    """Why a connection is closed as soon as it is open (RFC 6455, 7.4; at most 123 bytes of reason)."""

    code: int
    reason: str


NOBODY = Accept("", Claims("", "", 0), None)


class SocketLimits(NamedTuple):
    """Limits of every connection. A peer that answers no ping within `pong_seconds` is disconnected."""

    buffer_bytes: int = 1024 * 1024
    frame_bytes: int = 1024 * 1024
    frames_per_second: float = 1000.0
    frames_burst: int = 1000
    ping_seconds: int = 25
    pong_seconds: int = 10


class Owner(Protocol):
    """What a connection needs of the registry that owns it."""

    limits: SocketLimits
    meters: Meters

    def schedule(self, connection: "Connection") -> None:
        """There is something to tell the handler."""

    def remove(self, connection: "Connection") -> None:
        """The connection has ended; its close frame may still be on the way."""

    def await_close(self, connection: "Connection") -> None:
        """The close frame was sent or buffered: the peer has a moment to take it."""

    def release(self, connection: "Connection") -> None:
        """The socket is closed."""


class Transport(Protocol):
    """Carries the bytes of connections. Nothing here may block or raise."""

    def write(self, connection: "Connection", frame: bytes, on_written: OnWritten | None) -> None:
        """Called without a send buffer: writes the frame now, or begins a send buffer with it."""

    def flush(self, connection: "Connection") -> None:
        """Writes the send buffer, if there is one; else shuts down a connection that is done."""

    def update_interest(self, connection: "Connection") -> None:
        """`is_paused` has changed: it says whether the transport reads from the peer."""

    def drop(self, connection: "Connection") -> None:
        """Closes the socket at once, whatever is unsent; harmless when repeated."""


class Connection:
    """`id` is unique in the cluster, `name` the user's. `code` is 0 while open, then how it ended.

    `is_deaf`: what the peer still sends is discarded. `failure`: the rule that the peer broke; the connection
    is closed for it once its handler has had what came before. `heard_at` and `pinged_at` are of the
    monotonic clock.
    """

    __slots__ = (
        "__weakref__",
        "_bucket",
        "_owner",
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
        "transport",
        "unread",
        "unread_bytes",
    )

    def __init__(self, id_: str, accept: Accept, owner: Owner, transport: Transport) -> None:
        self.id = id_
        self.name, self.claims, self.handler = accept
        self._owner = owner
        self.transport = transport
        self.fd = -1
        self.code = 0
        self.reason = ""
        self.failure: Refuse | None = None
        self.send_buffer: SendBuffer | None = None
        self.unread: deque[bytes] | None = None
        self.unread_bytes = 0
        self.is_opened = self.is_scheduled = self.is_paused = self.is_deaf = False
        self.opened_at = self.heard_at = monotonic()
        self.frames_in = self.frames_out = 0
        self.ping_at = 0
        self.pinged_at = 0.0
        limits = owner.limits
        self._parser = Parser(limits.frame_bytes)
        self._bucket = TokenBucket(limits.frames_per_second, limits.frames_burst)

    @property
    def is_open(self) -> bool:
        return not self.code

    @property
    def is_done(self) -> bool:
        """Neither side has anything more to say; there may be a send buffer."""
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
        meters = self._owner.meters
        meters.frames_out += 1
        self.frames_out += 1
        meters.frame_bytes_out += len(frame)
        buffer = self.send_buffer
        if buffer is None:
            self.transport.write(self, frame, on_written)
        elif buffer.size + len(frame) > self._owner.limits.buffer_bytes:
            dropped = buffer.drop_unsent()
            self.close(1008, "slow consumer")
            for waiting in (*dropped, on_written):
                report(waiting, False)
        else:
            buffer.add(frame, on_written)

    # Ending

    def close(self, code: int, reason: str) -> None:
        """Sends the reason and ends; messages that the handler has not had yet are dropped."""
        if self.code:
            return
        self.unread, self.unread_bytes = None, 0
        self._end(code, reason)
        self._send_close(frames.encode_close(code, reason))

    def disconnect(self, reason: str) -> None:
        """Its bearer may not stay; `reason` is a disconnect reason of streams (`token_expired`, …)."""
        self.close(1008, reason.replace("_", " "))

    def fail(self, code: int, reason: str) -> None:
        """The peer broke a rule; what else it sends is discarded."""
        self.is_deaf = True
        self.close(code, reason)
        self.transport.flush(self)

    def _fail_in_turn(self, failure: Refuse) -> None:
        if self.is_scheduled:
            self.is_deaf, self.failure = True, failure
        else:
            self.fail(*failure)

    def lost(self) -> None:
        """The transport has closed the socket, with or without a close frame before."""
        buffer, self.send_buffer = self.send_buffer, None
        if not self.code:
            self._end(LOST, "")
        self.is_deaf = True
        self._owner.release(self)
        if buffer is not None:
            buffer.fail()

    def _end(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        self._owner.remove(self)

    def _send_close(self, frame: bytes) -> None:
        self._owner.await_close(self)
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
        self._bucket.refill(now - self.heard_at)
        self.heard_at = now
        if self.is_deaf:
            return
        self._owner.meters.frame_bytes_in += len(data)
        try:
            for opcode, payload in self._parser.feed(data):
                self._handle_frame(opcode, payload)
                if self.is_deaf:
                    return
        except ProtocolError as error:
            self._fail_in_turn(Refuse(error.code, error.reason))

    def _handle_frame(self, opcode: int, payload: bytes) -> None:
        self._owner.meters.frames_in += 1
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
        """For the handler. While too much is unread, the transport does not read from the peer."""
        if self.unread is None:
            self.unread = deque()
        self.unread.append(message)
        self.unread_bytes += len(message)
        self._owner.schedule(self)
        if not self.is_paused and (len(self.unread) >= UNREAD_MESSAGES or self.unread_bytes >= UNREAD_BYTES):
            self.is_paused = True
            self.transport.update_interest(self)

    def take(self) -> bytes | None:
        """The next message for the handler."""
        if not self.unread:
            self.unread = None
            return None
        message = self.unread.popleft()
        self.unread_bytes -= len(message)
        if self.is_paused and len(self.unread) * 2 < UNREAD_MESSAGES and self.unread_bytes * 2 < UNREAD_BYTES:
            self.is_paused = False
            self.transport.update_interest(self)
        return message

    def _close_as_asked(self, payload: bytes) -> None:
        """The peer's close frame: an answer to ours, or it is answered with the same (RFC 6455, 5.5.1)."""
        code, reason = frames.read_close(payload)
        self.is_deaf = True
        if not self.code:
            self._end(code, reason)
            self._send_close(frames.encode_close(code))
        self.transport.flush(self)

    def _refuse_frame(self) -> None:
        """A frame over the rate is dropped, and the peer told once. A peer that goes on without a rest is
        disconnected."""
        self._owner.meters.frames_limited += 1
        if self._bucket.refused == 1:
            error = {"type": "error", "message": "Too many messages", "timestamp": time()}
            self._put(frames.encode(json.dumps(error).encode()))
        elif self._bucket.refused > MOST_REFUSED:
            self._fail_in_turn(Refuse(1008, "rate limit exceeded"))
