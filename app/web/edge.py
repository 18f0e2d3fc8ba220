"""The edge of every request: CORS, no sessions, and the end of connections with an unread body."""

import socket
from contextlib import suppress
from functools import partial
from typing import Any

import gevent
from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from flask_cors.core import get_cors_options, set_cors_headers

from app.realtime.net.takeover import RESPONSE
from app.web.body import WHOLE

OPTIONS = {
    "supports_credentials": True,
    "allow_headers": ["Authorization", "Content-Type", "Last-Event-ID", "Idempotency-Key", "Cache-Control"],
    "expose_headers": ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
    "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    "max_age": 600,
}
# gunicorn reads an unread body to its end before the next request: cheap for a small one, endless for others.
UNREAD_BYTES = 64 * 1024
LINGER_BYTES = 4 * 1024 * 1024
LINGER_SECONDS = 2


class NoSessions(SessionInterface):
    """The hub keeps no session, so Flask's signed cookie is neither read nor written."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return NullSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        pass


def init_app(app: Flask, origins: list[str]) -> None:
    """`origins` are exact, or patterns that begin with ^."""
    app.session_interface = NoSessions()
    options = get_cors_options(app, OPTIONS, {"origins": origins})

    @app.after_request
    def finish(response: Response) -> Response:
        environ = request.environ
        if "HTTP_ORIGIN" in environ:  # only pages in browsers send one
            set_cors_headers(response, options)
        return _end_unread(environ, response)


def _end_unread(environ: dict[str, Any], response: Response) -> Response:
    """Closes the connection after this answer where a large or endless body is left on it."""
    server = environ.get(RESPONSE)
    if server is None or not _is_body_left(environ) or not hasattr(server, "force_close"):
        return response
    server.force_close()
    sock = environ.get("gunicorn.socket")
    shares_socket = not environ.get("SERVER_PROTOCOL", "").startswith("HTTP/1")
    if sock is not None and not shares_socket and not response.is_streamed:
        response.call_on_close(partial(linger, sock))
    return response


def _is_body_left(environ: dict[str, Any]) -> bool:
    if WHOLE in environ:
        return not environ[WHOLE]  # of a body that was read in part the server can no longer find the end
    return "HTTP_TRANSFER_ENCODING" in environ or (request.content_length or 0) > UNREAD_BYTES


def linger(sock: Any) -> None:
    """Reads a little more of the body after the answer, so that the client can read the answer.

    Closing a socket with unread bytes resets the connection, and the client loses what was sent to it
    (RFC 9112, 9.6).
    """
    left = LINGER_BYTES
    with suppress(OSError), gevent.Timeout(LINGER_SECONDS, False):  # type: ignore[arg-type]
        sock.shutdown(socket.SHUT_WR)
        while left > 0 and (taken := len(sock.recv(UNREAD_BYTES))):
            left -= taken
