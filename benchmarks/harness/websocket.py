"""A WebSocket client that costs little (RFC 6455), and a program that answers or just reads.

`python -m benchmarks.harness.websocket PORT USER ANSWERS PAUSE` connects as USER, says `ready`, and answers
each frame with so many frames, so many seconds apart; with no answers it only reads.
"""

import base64
import json
import os
import socket
import sys
import time
from collections.abc import Iterator

TIMEOUT_SECONDS = 30
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
SEVEN_BITS, SIXTEEN_BITS = 125, 126


def frame_of(payload: bytes, opcode: int = TEXT) -> bytes:
    """A client's frame. Its mask is all zeros: as good as any other to a server, and free."""
    size = len(payload)
    if size <= SEVEN_BITS:
        head = bytes((0x80 | opcode, 0x80 | size))
    else:
        head = bytes((0x80 | opcode, 0x80 | SIXTEEN_BITS)) + size.to_bytes(2)
    return head + b"\0\0\0\0" + payload


def take_frame(received: bytearray) -> tuple[int, bytes] | None:
    """The opcode and payload of a server's frame, taken out; None while it is not all there."""
    if len(received) < 2:
        return None
    size, start = received[1] & 0x7F, 2
    if size > SEVEN_BITS:
        start += 2 if size == SIXTEEN_BITS else 8
        size = int.from_bytes(received[2:start])
    if len(received) < start + size:
        return None
    opcode, payload = received[0] & 0x0F, bytes(received[start : start + size])
    del received[: start + size]
    return opcode, payload


class WebSocket:
    """One open connection."""

    def __init__(self, port: int, user_id: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws?user_id={user_id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._received = bytearray()
        while b"\r\n\r\n" not in self._received:
            self._read()
        if not self._received.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(self._received[:80].decode(errors="replace"))
        del self._received[: self._received.index(b"\r\n\r\n") + 4]

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        self.socket.sendall(frame_of(payload, opcode))

    def frames(self) -> Iterator[bytes]:
        """The texts that come, until the server closes; pings are answered."""
        while True:
            frame = take_frame(self._received)
            if frame is None:
                self._read()
                continue
            opcode, payload = frame
            if opcode == PING:
                self.send(payload, PONG)
            elif opcode == CLOSE:
                return
            else:
                yield payload

    def drain(self) -> None:
        """Reads on until the end, and looks at nothing."""
        while self.socket.recv(1 << 20):
            pass

    def close(self) -> None:
        self.socket.close()

    def _read(self) -> None:
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError("closed")
        self._received += got


def answer(connection: WebSocket, answers: int, pause: float) -> None:
    for text in connection.frames():
        correlation_id = json.loads(text)["correlation_id"]
        for number in range(1, answers + 1):
            if pause:
                time.sleep(pause)
            frame = {"correlation_id": correlation_id, "part": number, "is_final": number == answers}
            connection.send(json.dumps(frame).encode())


def main(port: str, user_id: str, answers: str, pause: str) -> None:
    connection = WebSocket(int(port), user_id)
    connection.socket.settimeout(None)
    print("ready", flush=True)
    if int(answers):
        answer(connection, int(answers), float(pause))
    else:
        connection.drain()


if __name__ == "__main__":
    main(*sys.argv[1:])
