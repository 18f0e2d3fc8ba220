"""A server behind a proxy that shows what the proxy makes of requests, and answers what a test wants."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent.server import StreamServer

from tests.support.process import free_port

Answer = Callable[[Any, "Head"], None]


class Head:
    """A request's head; the names of headers are in lower case."""

    def __init__(self, text: str) -> None:
        self.line, *rest = text.split("\r\n")
        pairs = (line.partition(": ") for line in rest if line)
        self.headers = {name.lower(): value for name, _, value in pairs}


class Upstream:
    """Answers every request by `answer(socket, head)`, keeps the connection, and remembers the `heads`."""

    def __init__(self, answer: Answer) -> None:
        self.port = free_port()
        self.heads: list[Head] = []
        self._answer = answer
        self._server = StreamServer(("127.0.0.1", self.port), self._serve)
        self._server.start()

    @property
    def last(self) -> Head:
        return self.heads[-1]

    def stop(self) -> None:
        self._server.stop()

    def _serve(self, socket: Any, _address: object) -> None:
        buffer = b""
        while data := socket.recv(65536):
            buffer += data
            while b"\r\n\r\n" in buffer:
                text, _, buffer = buffer.partition(b"\r\n\r\n")
                self.heads.append(Head(text.decode()))
                self._answer(socket, self.last)


def respond(status: str, body: str = "", **headers: str) -> Answer:
    """Always the same answer."""
    named = {"Content-Length": str(len(body)), **{name.replace("_", "-"): it for name, it in headers.items()}}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in named.items())]
    whole = "\r\n".join([*lines, "", body]).encode()
    return lambda socket, _: socket.sendall(whole)


def echo(socket: Any, _head: Head) -> None:
    """Switches protocols and sends back what comes."""
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "", ""]
    socket.sendall("\r\n".join(lines).encode())
    while data := socket.recv(65536):
        socket.sendall(data)


def stream(pieces: list[str], more: gevent.event.Event) -> Answer:
    """An event stream, a chunk for each piece; all but the first wait for `more`."""

    def answer(socket: Any, _head: Head) -> None:
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", "", ""]
        socket.sendall("\r\n".join(lines).encode())
        for piece in pieces:
            socket.sendall(f"{len(piece):x}\r\n{piece}\r\n".encode())
            more.wait(10)
        socket.sendall(b"0\r\n\r\n")

    return answer
