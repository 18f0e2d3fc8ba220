"""What happens to every request and answer: CORS, and no sessions."""

from flask import Flask, Request, Response, request
from flask.sessions import NullSession, SessionInterface, SessionMixin
from flask_cors.core import get_cors_options, set_cors_headers

OPTIONS = {
    "supports_credentials": True,
    "allow_headers": ["Authorization", "Content-Type", "Last-Event-ID", "Idempotency-Key", "Cache-Control"],
    "expose_headers": ["Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"],
    "methods": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    "max_age": 600,
}


class NoSessions(SessionInterface):
    """Nothing is kept in Flask's signed cookie, so none is read or written."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return NullSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        pass


def init_app(app: Flask, origins: list[str]) -> None:
    """`origins` are exact, or patterns that begin with ^."""
    app.session_interface = NoSessions()
    options = get_cors_options(app, OPTIONS, {"origins": origins})

    @app.after_request
    def add_cors(response: Response) -> Response:
        """Only pages in browsers send an Origin; everybody else is spared the work."""
        if "Origin" in request.headers:
            set_cors_headers(response, options)
        return response
