"""Logging to stderr, without query strings: they hold tokens."""

import logging
import logging.config
from time import monotonic

import click
from flask import Flask, Response, has_request_context, request

from app.realtime.sockets.connection import Connection
from app.realtime.streams.topic import Subscriber
from app.web.headers import BEGAN, REQUEST_ID
from config.log_lines import configuration

log = logging.getLogger("hub.streams")
socket_log = logging.getLogger("hub.sockets")
requests = logging.getLogger("hub.requests")
AUDIT = "hub.audit"
QUIET_ROUTES = frozenset({"/health/live", "/health/ready", "/metrics"})


class NameRequest(logging.Filter):
    """Adds the request's id to each line that is logged during a request, and the client's address to the
    lines of the audit log."""

    def filter(self, record: logging.LogRecord) -> bool:
        if has_request_context() and not hasattr(record, "request_id"):
            record.request_id = request.environ.get(REQUEST_ID, "")
            if record.name == AUDIT:
                record.address = request.remote_addr
        return True


def init_app(app: Flask) -> None:
    if app.config["ACCESS_LOG"]:
        app.after_request(_log_request)
    if app.testing:
        return
    is_at_shell = click.get_current_context(silent=True) is not None and not app.config["IS_PRODUCTION"]
    logging.config.dictConfig(configuration(app.config["LOG_FORMAT"], "WARNING" if is_at_shell else "INFO"))
    for handler in logging.getLogger().handlers:
        handler.addFilter(NameRequest())


def _log_request(response: Response) -> Response:
    """One line for each request. A stream has this line at its beginning, and another one at its end."""
    rule = request.url_rule.rule if request.url_rule is not None else None
    if rule in QUIET_ROUTES and response.status_code < 400:
        return response
    began = request.environ.get(BEGAN)
    requests.info(
        "request",
        extra={
            "method": request.method,
            "path": request.path,
            "route": rule,
            "status": response.status_code,
            "milliseconds": round((monotonic() - began) * 1000, 1) if began else None,
            "bytes": None if response.is_streamed else response.calculate_content_length(),
            "address": request.remote_addr,
        },
    )
    return response


def stream_ended(subscriber: Subscriber, reason: str) -> None:
    """One line for each stream, at its end: the reason, the seconds, the bytes written."""
    seconds = round(monotonic() - subscriber.opened_at, 1)
    log.info(
        "stream ended",
        extra={
            "topic": subscriber.topic.name,
            "reason": reason,
            "seconds": seconds,
            "bytes": subscriber.sent,
            "user": subscriber.claims.subject,
        },
    )


def socket_ended(connection: Connection) -> None:
    """One line for each WebSocket, at its end: the close code (1006 for none), the seconds."""
    socket_log.info(
        "socket ended",
        extra={
            "code": connection.code,
            "reason": connection.reason,
            "seconds": round(monotonic() - connection.opened_at, 1),
            "user": connection.name,
        },
    )
