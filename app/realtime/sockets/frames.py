"""WebSocket frames (RFC 6455, section 5): bytes of a client → messages and control frames, and back.

Pure: no socket, no clock, no extension. Messages are bytes: text is checked to be UTF-8, else it is `Binary`.
"""

import codecs
from collections.abc import Iterator
from struct import pack, unpack_from

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL, RESERVED_BITS, OPCODE, CONTROL = 0x80, 0x70, 0x0F, 0x08
MASKED, LENGTH = 0x80, 0x7F
WHOLE = frozenset({FINAL | TEXT, FINAL | BINARY})
CONTROL_BYTES = 125
XOR_BYTES = 500  # up to here one big number is faster than four translations
HEADS = [bytes([FINAL | TEXT, size]) for size in range(126)]

NO_CODE = 1005  # never on the wire: the peer gave none (RFC 6455, 7.4.1)
_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
_XOR = [bytes(byte ^ key for byte in range(256)) for key in range(256)]
_utf8 = codecs.getincrementaldecoder("utf-8")


class Binary(bytes):
    """A message that is not text; everywhere else it is just bytes."""

    __slots__ = ()


class ProtocolError(Exception):
    """The peer broke the protocol: the connection is closed with `code` and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code} {reason}")


class Parser:
    """Takes what a client sends, in pieces of any size.

    `_rest` is the beginning of a frame whose head is not whole; `_left` counts the bytes to come of a data
    frame that was begun, `_key` is its mask, turned to where it goes on. `_message` is the message so far.
    """

    __slots__ = ("_decoder", "_is_last", "_key", "_kind", "_left", "_limit", "_message", "_rest")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._left = -1
        self._key = b""
        self._is_last = False
        self._kind = TEXT
        self._message: bytearray | None = None
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Each frame as (opcode, payload); a message comes with its last one, before it (CONTINUATION, b"").

        Raises ProtocolError where the stream is broken; what came before was yielded then.
        """
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, end = 0, len(data)
        while True:
            if self._left >= 0:
                at += self._take(data[at : at + self._left])
                if self._left > 0:
                    return
                yield self._finish_frame()
            start = at + 6
            if end < start:
                if end - at >= 2:
                    self._check(data[at], data[at + 1])
                break
            first, second = data[at], data[at + 1]
            size = second & LENGTH
            stop = start + size
            if first in WHOLE and size < 126 and stop <= end and second & MASKED and self._message is None:
                yield first & OPCODE, self._whole(first, unmask(data[start:stop], data[at + 2 : start]))
                at = stop
                continue
            self._check(first, second)
            head = measure(data, at)
            if head is None:
                break
            start, size = head
            if first & CONTROL:
                if end < start + size:
                    break
                yield first & OPCODE, unmask(data[start : start + size], data[start - 4 : start])
                at = start + size
            else:
                self._begin_frame(first, size, data[start - 4 : start])
                at = start
        self._rest = data[at:]

    def _check(self, first: int, second: int) -> None:
        """What the first two bytes of a frame tell (RFC 6455, 5.2, 5.4, 5.5)."""
        opcode = first & OPCODE
        if first & RESERVED_BITS:
            raise ProtocolError(1002, "reserved bits are set")
        if opcode not in (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG):
            raise ProtocolError(1002, "unknown opcode")
        if not second & MASKED:
            raise ProtocolError(1002, "frame is not masked")
        if opcode & CONTROL:
            if not first & FINAL or second & LENGTH > CONTROL_BYTES:
                raise ProtocolError(1002, "control frame is fragmented or too long")
        elif (opcode == CONTINUATION) == (self._message is None):
            raise ProtocolError(1002, "fragment out of place")

    def _whole(self, first: int, payload: bytes) -> bytes:
        if len(payload) > self._limit:
            raise ProtocolError(1009, "message too big")
        if first & OPCODE == BINARY:
            return Binary(payload)
        if not payload.isascii():
            check_text(payload)
        return payload

    def _begin_frame(self, first: int, size: int, key: bytes) -> None:
        opcode = first & OPCODE
        if self._message is None:
            self._message, self._kind = bytearray(), opcode
            self._decoder = _utf8() if opcode == TEXT else None
        if len(self._message) + size > self._limit:
            raise ProtocolError(1009, "message too big")
        self._is_last, self._left, self._key = bool(first & FINAL), size, key

    def _take(self, part: bytes) -> int:
        """More of the payload of the present frame; text is refused at its first wrong byte."""
        size = len(part)
        if size and self._message is not None:
            part = unmask(part, self._key)
            turn = size & 3
            self._key = self._key[turn:] + self._key[:turn]
            self._left -= size
            self._message += part
            if self._decoder is not None:
                decode(self._decoder, part)
        return size

    def _finish_frame(self) -> tuple[int, bytes]:
        self._left = -1
        message, decoder = self._message, self._decoder
        if not self._is_last or message is None:
            return CONTINUATION, b""
        self._message = self._decoder = None
        if decoder is None:
            return BINARY, Binary(message)
        decode(decoder, b"", final=True)
        return TEXT, bytes(message)


def measure(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the payload of the frame at `at` starts and how long it is; None while the head is not whole."""
    size, start = data[at + 1] & LENGTH, at + 6
    if size == 126:
        start, least, form = at + 8, 126, ">H"
    elif size == 127:
        start, least, form = at + 14, 65536, ">Q"
    if start > len(data):
        return None
    if size > CONTROL_BYTES:
        (size,) = unpack_from(form, data, at + 2)
        if size < least or size >> 63:
            raise ProtocolError(1002, "payload length is malformed")
    return start, size


def unmask(payload: bytes, key: bytes) -> bytes:
    """XOR with the key, over and over (RFC 6455, 5.3)."""
    size = len(payload)
    if size <= XOR_BYTES:
        mask = (key * ((size + 3) >> 2))[:size]
        return (int.from_bytes(payload, "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")
    plain = bytearray(size)
    for place in range(4):
        plain[place::4] = payload[place::4].translate(_XOR[key[place]])
    return bytes(plain)


def check_text(payload: bytes) -> None:
    decode(_utf8(), payload, final=True)


def decode(decoder: codecs.IncrementalDecoder, part: bytes, final: bool = False) -> None:
    try:
        decoder.decode(part, final)
    except UnicodeDecodeError as error:
        raise ProtocolError(1007, "text is not UTF-8") from error


def read_close(payload: bytes) -> tuple[int, str]:
    """The code and reason of a close frame (RFC 6455, 5.5.1); 1005 without one."""
    if not payload:
        return NO_CODE, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or not (code in _CODES or 3000 <= code <= 4999):
        raise ProtocolError(1002, "invalid close code")
    check_text(payload[2:])
    return code, payload[2:].decode()


def encode(message: bytes) -> bytes:
    """A message as one frame; servers do not mask (RFC 6455, 5.1)."""
    size = len(message)
    if size < 126 and not isinstance(message, Binary):
        return HEADS[size] + message
    return encode_frame(BINARY if isinstance(message, Binary) else TEXT, message)


def encode_frame(opcode: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return pack(">BB", FINAL | opcode, size) + payload
    if size < 65536:
        return pack(">BBH", FINAL | opcode, 126, size) + payload
    return pack(">BBQ", FINAL | opcode, 127, size) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """`reason` is cut to what a control frame holds, between two characters; NO_CODE stays off the wire."""
    if code == NO_CODE:
        return encode_frame(CLOSE, b"")
    text = reason.encode(errors="replace")[: CONTROL_BYTES - 2].decode(errors="ignore").encode()
    return encode_frame(CLOSE, code.to_bytes(2, "big") + text)
