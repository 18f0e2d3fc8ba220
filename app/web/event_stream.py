"""Event streams at the HTTP edge: opening one, and refusing one in the way that readers understand."""

import logging
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.errors import is_database_unavailable
from app.extensions import db, engine
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.claims import Claims
from app.realtime.engine import Join, Overloaded
from app.realtime.net.takeover import RequestSocket
from app.realtime.streams.response import refusal
from app.web.limits import is_over

log = logging.getLogger(__name__)

StreamView = Callable[..., ResponseReturnValue]
HEADERS = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
CONTENT_TYPE = "text/event-stream; charset=utf-8"


def open_stream(topic: str, claims: Claims, join: Join | None = None) -> Response:
    """A stream of the topic, from the client's cursor on where `join` names no other beginning.

    For views under `@event_stream`.
    """
    db.session.remove()  # a stream may last for days and needs no database connection
    if request.method == "HEAD":
        return response([])
    if is_over("STREAMS", claims.token):
        return _refuse("overloaded")
    last_seen = cursor()
    try:
        begin = join or engine.history(last_seen)
        body = engine.open(topic, claims, RequestSocket.of(request.environ), g.generation, begin)
    except Overloaded as overload:
        return _refuse(overload.reason)
    if last_seen:
        engine.meters.reconnections += 1
    return response(body)


def _refuse(reason: str) -> Response:
    engine.meters.refusals[reason] += 1
    return response(refusal(reason))


def event_stream(view: StreamView) -> StreamView:
    """Makes a view that checks rights and then returns `open_stream(…)` the opening of a stream.

    The generation of the engine's control orders is noted before the view checks rights: an order that comes
    between the check and the opening then ends the stream.

    Any status but 200 stops an EventSource for good (WHATWG HTML, 9.2.3). So where the database is away for a
    moment, or the broker that a ticket is redeemed with, the answer is a stream that says `overloaded`.
    """

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> ResponseReturnValue:
        g.generation = engine.control.generation
        try:
            return view(*args, **kwargs)
        except (DBAPIError, PoolTimeout, BrokerUnavailable) as error:
            if not (isinstance(error, BrokerUnavailable) or is_database_unavailable(error)):
                raise
            log.warning("a stream was refused: %s", type(error).__name__)
            return response(refusal("overloaded"))

    return answer


def response(body: Iterable[bytes]) -> Response:
    return Response(body, content_type=CONTENT_TYPE, headers=HEADERS, direct_passthrough=True)


def cursor() -> str | None:
    """The client's cursor: `Last-Event-ID` (WHATWG HTML, 9.2.3), or the query of a polyfill."""
    header = request.headers.get("Last-Event-ID")
    return header or request.args.get("lastEventId") or request.args.get("last_event_id") or None
