"""flask prune, and the pruning that workers do every hour"""

import json
from collections.abc import Callable
from datetime import timedelta
from time import time
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import Executable, func, select, update
from sqlalchemy.orm import Session

from app.auth.models import RevokedSubscriber, RevokedToken, now
from app.db.session import affect, transaction
from app.extensions import db
from app.notifications import messages, retention
from app.notifications.messages import Notification
from app.notifications.models import Delivery, IdempotencyKey, Message
from app.web.identifiers import lowest_uuid, time_ordered_uuid
from tests.conftest import MakeApp

Command = Callable[..., str]
pytestmark = pytest.mark.both_databases


def sent(app: Flask, *users: str, days: float = 0, key: str | None = None) -> str:
    """A message that was sent so many days ago."""
    moment = now() - timedelta(days=days)
    id = lowest_uuid(moment) + time_ordered_uuid()[13:]
    with app.app_context(), patch.object(messages, "time_ordered_uuid", lambda: id):
        return messages.send(Notification("client:shop", list(users), [], "hello", key)).id


def read(app: Flask, user: str, id: str, days: float) -> None:
    with app.app_context():
        assert messages.acknowledge(user, [id]) == 1
        with transaction() as session:
            long_ago = update(Delivery).where(Delivery.message_id == id, Delivery.read_at.is_not(None))
            session.execute(long_ago.values(read_at=now() - timedelta(days=days)))


def left(app: Flask) -> tuple[set[str], int]:
    """Messages, and how many deliveries."""
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(Delivery))
        return set(db.session.scalars(select(Message.id))), int(count or 0)


def test_acknowledged_ones_go_and_unread_ones_stay(app: Flask, succeed: Command) -> None:
    old, half, fresh, unread = (sent(app, "dora", "emil", days=days) for days in (90, 80, 70, 60))
    for user in ("dora", "emil"):
        read(app, user, old, 31)
    read(app, "dora", half, 31)
    read(app, "dora", fresh, 29)
    assert succeed("prune") == "3 deliveries, 1 messages, 0 keys, 0 tokens deleted.\n"
    assert left(app) == ({half, fresh, unread}, 5)


def test_the_days_can_be_set(make_app: MakeApp) -> None:
    app = make_app(MESSAGE_RETENTION_DAYS="0")
    id = sent(app, "dora", days=1)
    read(app, "dora", id, 0)
    sent(app, "dora")
    printed = app.test_cli_runner().invoke(args=["prune"]).stdout
    assert printed.startswith("1 deliveries, 1 messages")


def test_in_small_transactions(app: Flask, succeed: Command) -> None:
    for number in range(25):
        read(app, "dora", sent(app, "dora", days=40 + number), 31)
    with patch.object(retention, "BATCH_ROWS", 10):
        assert succeed("prune").startswith("25 deliveries, 25 messages")
    assert left(app) == (set(), 0)


def test_no_statement_looks_at_all_that_waits(app: Flask, succeed: Command) -> None:
    """Many old messages may be unread: the scan for messages to delete passes over them batch by batch."""
    counts: list[int] = []

    def counted(session: Session, statement: Executable) -> int:
        counts.append(affect(session, statement))
        return counts[-1]

    for number in range(25):
        id = sent(app, "dora", days=60 - number)
        if number % 5 == 0:
            read(app, "dora", id, 31)
    with patch.object(retention, "BATCH_ROWS", 10), patch.object(retention, "affect", counted):
        assert succeed("prune").startswith("5 deliveries, 5 messages")
    assert counts[:4] == [5, 2, 2, 1]


def test_keys_and_revocations_that_ran_out(app: Flask, succeed: Command) -> None:
    sent(app, "dora", key="new")
    sent(app, "dora", key="old")
    with app.app_context(), transaction() as session:
        old = update(IdempotencyKey).where(IdempotencyKey.key == "old")
        session.execute(old.values(created_at=now() - timedelta(hours=25)))
        for name, seconds in (("past", -1), ("future", 60)):
            expires_at = int(time()) + seconds
            session.add(RevokedToken(jti=name, expires_at=expires_at))
            session.add(RevokedSubscriber(external_id=name, valid_from=0, expires_at=expires_at))
    assert succeed("prune") == "0 deliveries, 0 messages, 1 keys, 2 tokens deleted.\n"


def test_a_worker_prunes_now_and_then() -> None:
    with patch.object(retention, "prune") as prune, patch.object(retention, "FIRST_SECONDS", 0):
        maintain = retention.HourlyPrune()
        maintain()
        maintain()
    assert prune.call_count == 1


def test_as_json(succeed: Command) -> None:
    assert json.loads(succeed("prune", "--json")) == {"deliveries": 0, "messages": 0, "keys": 0, "tokens": 0}
