"""Logging: readable lines on stderr; query strings, and with them tokens, never get there."""

import logging
import logging.config
from time import monotonic
from typing import Any

import click
from flask import Flask

from app.realtime.connection import Connection
from app.realtime.subscriber import Subscriber

log = logging.getLogger("hub.streams")
socket_log = logging.getLogger("hub.sockets")
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Readable(logging.Formatter):
    """`time LEVEL logger: message key=value …`"""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        extras = {k: v for k, v in vars(record).items() if k not in _STANDARD}
        return line + "".join(f" {key}={value!r}" for key, value in extras.items())


def init_app(app: Flask) -> None:
    if app.testing:
        return
    is_at_shell = click.get_current_context(silent=True) is not None and not app.config["IS_PRODUCTION"]
    logging.config.dictConfig(_configuration("WARNING" if is_at_shell else "INFO"))


def _configuration(level: str) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "readable": {"()": Readable, "format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "readable"}},
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {"alembic": {"level": "WARNING"}},
    }


def stream_ended(subscriber: Subscriber, reason: str) -> None:
    """One line for each stream, at its end: why, after how many seconds, how many bytes."""
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
    """One line for each WebSocket, at its end: how (a close code; 1006 is none), after how many seconds."""
    socket_log.info(
        "socket ended",
        extra={
            "code": connection.code,
            "reason": connection.reason,
            "seconds": round(monotonic() - connection.opened_at, 1),
            "user": connection.name,
        },
    )
