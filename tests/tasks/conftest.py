"""Servers and images for the tests of the task service."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from gevent.server import StreamServer
from gevent.socket import socket as Socket
from PIL import Image

Answer = bytes | Callable[[Socket], object]


class RawServer:
    """A real server on loopback that answers each path with the very bytes it was told, or lets a function
    write them; `heads` are the request heads that came, `bodies` what followed them."""

    def __init__(self, **tls: Any) -> None:
        self.answers: dict[str, Answer] = {}
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self._server = StreamServer(("127.0.0.1", 0), self._serve, **tls)
        self._server.start()
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    def stop(self) -> None:
        self._server.stop(timeout=0)

    def _serve(self, connection: Socket, _peer: Any) -> None:
        stream = connection.makefile("rb")
        lines: list[str] = []
        while line := stream.readline().decode("latin-1").strip():
            lines.append(line)
        if not lines:
            return
        lengths = [int(line[15:]) for line in lines if line.lower().startswith("content-length:")]
        self.heads.append("\n".join(lines))
        self.bodies.append(stream.read(lengths[0]) if lengths else b"")
        answer = self.answers.get(lines[0].split()[1], http(b"", status="404 Not Found"))
        try:
            connection.sendall(answer) if isinstance(answer, bytes) else answer(connection)
        except OSError:
            pass  # the client had enough
        finally:
            connection.close()


def http(body: bytes, *headers: str, status: str = "200 OK", kind: str = "image/png") -> bytes:
    """An HTTP answer, byte by byte."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return http(b"", f"Location: {location}", status=status)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The file of an image."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def plain(color: Any = "red", size: tuple[int, int] = (40, 30), mode: str = "RGB") -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new(mode, size, color))


@pytest.fixture
def server() -> Iterator[RawServer]:
    started = RawServer()
    yield started
    started.stop()
