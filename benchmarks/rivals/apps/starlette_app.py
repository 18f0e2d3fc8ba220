"""A queue and an EventSourceResponse per client, as sse-starlette's own documentation does it."""

# mypy: ignore-errors
# (its packages live in a virtual environment of their own)

import asyncio
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

queues: set[asyncio.Queue[str]] = set()


async def events(request: Request) -> Response:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def stream() -> AsyncIterator[dict[str, str]]:
        queues.add(queue)
        try:
            yield {"comment": "open"}
            while True:
                yield {"data": await queue.get()}
        finally:
            queues.discard(queue)

    return EventSourceResponse(stream())


async def publish(request: Request) -> Response:
    event = (await request.body()).decode()
    for queue in queues:
        queue.put_nowait(event)
    return JSONResponse({"subscribers": len(queues)})


app = Starlette(routes=[Route("/events", events), Route("/publish", publish, methods=["POST"])])
