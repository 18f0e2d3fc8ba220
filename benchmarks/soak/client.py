"""Ordinary requests to the hub, many at once, over kept-alive connections; every answer is counted."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from benchmarks.harness.http import GONE, Answer, request
from benchmarks.soak.tally import Tally

ANSWER_SECONDS = 45.0
BROKEN = (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError)

Link = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    def __init__(self, port: int, tally: Tally) -> None:
        self.port = port
        self._tally = tally
        self._idle: list[Link] = []

    async def ask(
        self, method: str, path: str, body: object = None, token: str = "", kind: str = ""
    ) -> Answer:
        """The whole answer, also of a stream that ends. One that is not 2xx, or none, is a fault."""
        wire = request(method, path, b"" if body is None else json.dumps(body).encode(), headers(token))
        try:
            answer = await asyncio.wait_for(self._exchange(wire), ANSWER_SECONDS)
        except BROKEN as error:
            self._tally.fault(f"{kind or path}: {type(error).__name__}")
            return GONE
        self._tally.answered(f"{method} {kind or path}", answer.status)
        return answer

    async def json(self, method: str, path: str, body: object = None, token: str = "", kind: str = "") -> Any:
        """What a good answer holds; nothing of a bad one."""
        answer = await self.ask(method, path, body, token, kind)
        return json.loads(answer.body) if answer.is_good and answer.body else {}

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _kept(self) -> Link | None:
        """The connection used last; those that the hub has closed meanwhile are thrown away."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _exchange(self, wire: bytes) -> Answer:
        link = self._kept() or await asyncio.open_connection("127.0.0.1", self.port)
        try:
            link[1].write(wire)
            answer, is_kept = await _read_answer(link[0])
        except BaseException:
            link[1].close()
            raise
        if is_kept:
            self._idle.append(link)
        else:
            link[1].close()
        return answer


def headers(token: str) -> Mapping[str, str]:
    return {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}


async def _read_answer(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    """And whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head:
        body = await _read_chunks(reader)
    else:
        length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
        body = await reader.readexactly(int(length or 0))
    return Answer(status, body), b"connection: close" not in head


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body
