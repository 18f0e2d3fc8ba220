"""WebSockets at the HTTP edge: the handshake (RFC 6455, 4.2), and handing the socket over to the engine.

flask-sock answers the handshake. Then the engine takes the socket over, and the request ends without a byte.
"""

import base64
import binascii
import errno
import logging
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from simple_websocket import ConnectionError as HandshakeFailed
from wsproto.utilities import ProtocolError

from app.auth.principal import require_own_origin
from app.errors import DomainError, Invalid
from app.extensions import db, engine, sock
from app.realtime.net.takeover import RequestSocket
from app.realtime.sockets.connection import Accept, Connection, Refuse

__all__ = ["SERVER_OPTIONS", "Accept", "Refuse", "socket_route"]

log = logging.getLogger(__name__)

SOCKETS = ("gunicorn.socket", "werkzeug.socket")
VERSION = "13"
BAD_KEY = "Sec-WebSocket-Key is missing or malformed"
HAS_BODY = "A WebSocket handshake has no body"

SocketView = Callable[..., Accept | Refuse]


class UpgradeRequired(DomainError):
    status = 426
    message = "This is a WebSocket: connect with an upgrade to version 13"
    headers = {"Upgrade": "websocket", "Sec-WebSocket-Version": VERSION}


class NotOffered(DomainError):
    status = 501
    message = "This server offers no WebSockets"


class NoThread:
    """Replaces the thread in which the library would read the socket: the engine reads it."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None:
        pass

    def start(self) -> None:
        pass


class Anything:
    """A list of subprotocols that accepts the first one of a client, which would give up without."""

    def __contains__(self, name: object) -> bool:
        return name != ""


SERVER_OPTIONS = {"thread_class": NoThread, "subprotocols": Anything()}
"""For `SOCK_SERVER_OPTIONS`."""


class Upgraded(Response):
    """Ends a request whose socket was handed over: the access log shows 101, the client gets no byte."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("101 Switching Protocols", [])
        return self._end()

    def _end(self) -> Iterator[bytes]:
        # Servers treat this as a client that left: they write nothing and close their side.
        yield from ()
        raise OSError(errno.EPIPE, "the socket was handed over")


class Guarded:
    """Replaces a blueprint when flask-sock registers its view: `view` decides before the handshake."""

    def __init__(self, blueprint: Blueprint, view: SocketView) -> None:
        self._blueprint = blueprint
        self._view = view

    def route(self, rule: str, **options: Any) -> Callable[[Callable[..., Response]], None]:
        def register(upgrade: Callable[[], Response]) -> None:
            @wraps(self._view)
            def guarded(**values: Any) -> ResponseReturnValue:
                _require_handshake()
                require_own_origin()
                g.generation = engine.control.generation
                g.decision = self._view(**values)
                return _upgrade(upgrade)

            self._blueprint.route(rule, **options)(guarded)

        return register


def socket_route(blueprint: Blueprint, rule: str) -> Callable[[SocketView], SocketView]:
    """Makes the view a WebSocket endpoint.

    The view returns `Accept` with the name of the connection, or `Refuse`: then the handshake succeeds and
    the connection is closed with code and reason. A DomainError is answered as JSON, without an upgrade.
    """

    def decorate(view: SocketView) -> SocketView:
        sock.route(rule, bp=Guarded(blueprint, view))(_begin)
        blueprint.add_url_rule(rule, f"{view.__name__}_without_upgrade", _ask_for_upgrade)
        return view

    return decorate


def _ask_for_upgrade(**values: Any) -> ResponseReturnValue:
    raise UpgradeRequired()


def _require_handshake() -> None:
    """Raises a DomainError where the library would raise an exception of its own."""
    environ = request.environ
    if not any(name in environ for name in SOCKETS):
        raise NotOffered()
    if request.method != "GET" or environ.get("SERVER_PROTOCOL") != "HTTP/1.1":
        raise UpgradeRequired()
    if request.headers.get("Sec-WebSocket-Version", "").strip() != VERSION:
        raise UpgradeRequired()
    if not _is_key(request.headers.get("Sec-WebSocket-Key", "")):
        raise Invalid(BAD_KEY)
    if request.content_length or "HTTP_TRANSFER_ENCODING" in environ:
        raise Invalid(HAS_BODY)


def _is_key(text: str) -> bool:
    """16 bytes in base64 (RFC 6455, 4.1)."""
    try:
        return len(base64.b64decode(text.strip(), validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _upgrade(upgrade: Callable[[], Response]) -> Response:
    db.session.remove()  # the socket may stay open for days and needs no database connection
    request.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)  # or the library would accept compression
    try:
        upgrade()
    except (ProtocolError, HandshakeFailed, ValueError) as error:  # ValueError: a header is not ASCII
        raise Invalid("The WebSocket handshake is malformed") from error
    except OSError as error:
        log.info("a client left during its handshake: %s", error)
    return Upgraded(status=101)


def _begin(ws: Any) -> None:
    """Called by flask-sock after the handshake. It must not raise: the error would be answered over HTTP."""
    ws.connected = False  # so that the library leaves the socket alone
    request_socket = RequestSocket.of(request.environ)
    try:
        engine.sockets.carry(_open(request_socket, ws.sock))
    except Exception:
        log.exception("a socket failed")


def _open(request_socket: RequestSocket, sock: Any) -> Connection:
    decision: Accept | Refuse = g.decision
    if isinstance(decision, Refuse):
        return engine.refuse_socket(request_socket, sock, decision)
    return engine.open_socket(request_socket, sock, decision, g.generation)
