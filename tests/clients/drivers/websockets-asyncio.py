"""PyPI websockets, with the token in a header."""

import asyncio
import ssl

from lines import CERTIFICATE, HEADERS, asked, say, told
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed


async def send_all(socket: ClientConnection) -> None:
    frames = told()
    while (text := await asyncio.to_thread(next, frames, None)) is not None:
        await socket.send(text)


async def main() -> None:
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    async with connect(asked["url"], additional_headers=HEADERS, ssl=trust, proxy=None) as socket:
        say("open")
        sending = asyncio.create_task(send_all(socket))
        try:
            while True:
                say("frame", text=await socket.recv())
        except ConnectionClosed:
            say("closed", code=socket.close_code, reason=socket.close_reason)
        sending.cancel()


asyncio.run(main())
