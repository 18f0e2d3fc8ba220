"""Reading one HTTP/1.x response piece by piece: what a streaming client needs and http.client hides."""

from __future__ import annotations


class BadResponse(Exception):
    """The bytes are no HTTP/1.x response."""


class ResponseReader:
    """Feed it what the socket gives; it hands back the bytes of the body, without chunk heads.

    `headers` is None until the head is whole; names are in lower case, repeated ones joined by ", ".
    `is_finished` says that the body ended as announced (last chunk, or Content-Length reached); a body that
    ends with the connection never says so.
    """

    def __init__(self) -> None:
        self.version = ""
        self.status: int | None = None
        self.headers: dict[str, str] | None = None
        self.is_chunked = False
        self.is_finished = False
        self._buffer = bytearray()
        self._left: int | None = None  # bytes left of a body of known length
        self._chunks = _ChunkReader(self._buffer)

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        if self.headers is None and not self._read_head():
            return b""
        if self.is_chunked:
            body = self._chunks.read()
            self.is_finished = self._chunks.is_finished
            return body
        body = bytes(self._buffer if self._left is None else self._buffer[: self._left])
        del self._buffer[: len(body)]
        if self._left is not None:
            self._left -= len(body)
            self.is_finished = self._left == 0
        return body

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        parts = first.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise BadResponse(f"no status line: {first[:200]!r}")
        self.version, self.status = parts[0], int(parts[1])
        if 100 <= self.status < 200 and self.status != 101:
            return self._read_head()
        self.headers = _parse_headers(lines)
        self.is_chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        if self.status in (204, 304):
            self._left = 0
        elif "content-length" in self.headers and not self.is_chunked:
            self._left = int(self.headers["content-length"])
        self.is_finished = self._left == 0
        return True


class _ChunkReader:
    """Takes chunks off the front of a buffer; the bytes of a half-arrived chunk are handed on at once."""

    def __init__(self, buffer: bytearray) -> None:
        self.is_finished = False
        self._buffer = buffer
        self._left = 0  # bytes left of the present chunk
        self._at_chunk_end = False  # the chunk's own CRLF has still to come
        self._in_trailers = False

    def read(self) -> bytes:
        out = bytearray()
        while not self.is_finished:
            if self._left:
                part = bytes(self._buffer[: self._left])
                if not part:
                    break
                out += part
                del self._buffer[: len(part)]
                self._left -= len(part)
                self._at_chunk_end = self._left == 0
            elif (line := self._take_line()) is None:
                break
            else:
                self._interpret(line)
        return bytes(out)

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _interpret(self, line: bytes) -> None:
        if self._in_trailers:
            self.is_finished = not line
        elif self._at_chunk_end:
            if line:
                raise BadResponse(f"no line end after a chunk: {line[:80]!r}")
            self._at_chunk_end = False
        else:
            try:
                self._left = int(line.split(b";")[0], 16)
            except ValueError:
                raise BadResponse(f"no chunk head: {line[:80]!r}") from None
            self._in_trailers = self._left == 0


def _parse_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadResponse(f"no header: {line[:200]!r}")
        name, value = name.strip().lower(), value.strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
