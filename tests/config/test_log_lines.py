"""The formats of log lines: text and JSON."""

import json
import logging
import sys

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.extensions import db
from config.log_lines import JsonFormatter, TextFormatter, configuration


def record(message: str, **extra: object) -> logging.LogRecord:
    return logging.getLogger("hub.test").makeRecord(
        "hub.test", logging.INFO, __file__, 1, message, (), None, extra=extra
    )


def test_a_line_is_one_json_object() -> None:
    line = JsonFormatter().format(record("stream\nended", reason="shutdown", bytes=7))
    assert "\n" not in line
    told = json.loads(line)
    assert told["time"].endswith("Z")
    assert {key: told[key] for key in ("level", "logger", "message", "reason", "bytes")} == {
        "level": "INFO",
        "logger": "hub.test",
        "message": "stream\nended",
        "reason": "shutdown",
        "bytes": 7,
    }


def test_what_is_no_json_is_told_as_text() -> None:
    assert json.loads(JsonFormatter().format(record("x", error=OSError("gone"))))["error"] == "gone"


def test_a_traceback_is_part_of_the_object() -> None:
    try:
        raise ValueError("no")
    except ValueError:
        line = record("failed")
        line.exc_info = sys.exc_info()
    assert "ValueError: no" in json.loads(JsonFormatter().format(line))["exception"]


def test_a_readable_line_ends_with_what_was_given() -> None:
    assert TextFormatter("%(message)s").format(record("login", user="alice")) == "login user='alice'"


@pytest.mark.parametrize("style", ["json", "text"])
def test_gunicorns_lines_look_the_same(style: str) -> None:
    assert configuration(style)["loggers"]["gunicorn.error"]["propagate"] is True


@pytest.mark.both_databases
def test_errors_of_the_database_do_not_show_what_was_to_be_stored(app: Flask) -> None:
    statement = text("INSERT INTO leases (name, holder, expires_at) VALUES ('x', :holder, 0)")
    with app.app_context(), pytest.raises(IntegrityError) as caught:
        for _ in range(2):
            db.session.execute(statement, {"holder": "between us"})
    assert "leases" in str(caught.value) and "between us" not in str(caught.value)
