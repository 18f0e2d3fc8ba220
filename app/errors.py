"""The domain errors, and the JSON envelope of every error answer.

Services raise these; only this file and the edges know statuses. The body of each answer is
`{"error": <one safe sentence>, "status": <HTTP status>}`, and the properties that a family of clients adds.
"""

import logging
from typing import Any

from flask import Flask, Response, jsonify
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

log = logging.getLogger(__name__)


class DomainError(Exception):
    """`extra` is added to the body, `headers` to the answer. With `Retry-After` trying again may help."""

    status = 500
    message = "Internal server error"
    headers: dict[str, str] = {}

    def __init__(
        self, message: str | None = None, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        self.message = message or self.message
        self.headers = headers or self.headers
        self.extra = extra
        super().__init__(self.message)


class Invalid(DomainError):
    status = 400
    message = "Invalid request"


class Unauthorized(DomainError):
    status = 401
    message = "Missing or invalid credentials"


class Forbidden(DomainError):
    status = 403
    message = "Not allowed"


class NotFound(DomainError):
    status = 404
    message = "Not found"


def absent(what: str) -> str:
    """The sentence of a NotFound: `File not found`."""
    return f"{what} not found"


class Conflict(DomainError):
    status = 409
    message = "Conflict"


class TooSlow(DomainError):
    status = 408
    message = "The request body took too long"


class TooLarge(DomainError):
    status = 413
    message = "Request body too large"


class Unprocessable(DomainError):
    """The answer that some families of clients expect instead of Invalid."""

    status = 422
    message = "Validation error"


class RateLimited(DomainError):
    status = 429
    message = "Too many requests, slow down"


class Unavailable(DomainError):
    """A part that the answer needs is away (broker, database); the same request may succeed later."""

    status = 503
    message = "Temporarily unavailable, try again"
    headers = {"Retry-After": "2"}


class BadGateway(DomainError):
    """A service that the hub depends on can't be reached, or its answer can't be used."""

    status = 502
    message = "A service that is needed is unreachable"


class GatewayTimeout(DomainError):
    status = 504
    message = "A service that is needed did not answer in time"


def body(message: str, status: int, **extra: Any) -> dict[str, Any]:
    return {"error": message, "status": status, **extra}


def answer(error: DomainError) -> Response:
    response = jsonify(body(error.message, error.status, **error.extra))
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 413:
        return answer(TooLarge())
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]
    message = {404: "Not found", 405: "Method not allowed"}.get(status, error.name)
    response = jsonify(body(message, status))
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _answer_database(error: Exception) -> Response:
    """503 for a database that is away, locked or out of connections; any other error is a defect."""
    if is_database_unavailable(error):
        log.warning("database unavailable: %s", getattr(error, "orig", None) or type(error).__name__)
        return answer(Unavailable("Database unavailable, try again"))
    return _answer_defect(error)


def is_database_unavailable(error: BaseException) -> bool:
    """Whether the database is away, locked or out of connections: trying again may help."""
    return isinstance(error, PoolTimeout) or is_database_away(error)


def is_database_away(error: BaseException) -> bool:
    """Whether the failure comes from the connection or a lock, and not from the statement."""
    if not isinstance(error, DBAPIError):
        return False
    return error.connection_invalidated or type(error).__name__ in {"OperationalError", "InterfaceError"}


def _answer_defect(error: Exception) -> Response:
    log.error("unexpected failure", exc_info=error)
    return answer(DomainError())


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, answer)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(DBAPIError, _answer_database)
    app.register_error_handler(PoolTimeout, _answer_database)
    app.register_error_handler(Exception, _answer_defect)
