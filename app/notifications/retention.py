"""What is deleted in time: messages that were acknowledged long ago, and keys and marks that ran out.

Unread messages wait for ever. Everything goes in small transactions, so that nobody waits for long.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from time import monotonic, time
from typing import Any

import gevent
from flask import current_app
from sqlalchemy import ColumnElement, delete, exists, select, tuple_

from app.auth.models import RevokedSubscriber, RevokedToken, now
from app.db.session import affect, texts, transaction
from app.notifications.messages import KEYS_KEPT
from app.notifications.models import Delivery, IdempotencyKey, Message
from app.web.identifiers import lowest_uuid

BATCH_ROWS = 1000
PAUSE_SECONDS = 0.01
EVERY_SECONDS = 3600.0
FIRST_SECONDS = 60.0


class Sweep:
    """`prune`, a minute after the start and every hour."""

    def __init__(self) -> None:
        self._next = monotonic() + FIRST_SECONDS

    def __call__(self) -> None:
        if monotonic() >= self._next:
            self._next = monotonic() + EVERY_SECONDS
            prune()


def prune() -> dict[str, int]:
    """Deletes what is due; how many of each."""
    counts: Counter[str] = Counter()
    for what, count in rounds():
        counts[what] += count
    return dict(counts)


def rounds() -> Iterator[tuple[str, int]]:
    """`prune`, piece by piece: what was deleted in each transaction, and how many of it."""
    read_before = now() - timedelta(days=current_app.config["MESSAGE_RETENTION_DAYS"])
    seconds = int(time())
    due = {
        "deliveries": [_batches(Delivery, Delivery.read_at < read_before)],
        "messages": [_undelivered(lowest_uuid(read_before))],
        "keys": [_batches(IdempotencyKey, IdempotencyKey.created_at < now() - KEYS_KEPT)],
        "tokens": [
            _batches(RevokedToken, RevokedToken.expires_at < seconds),
            _batches(RevokedSubscriber, RevokedSubscriber.expires_at < seconds),
        ],
    }
    for what, deletions in due.items():
        for count in chain(*deletions):
            yield what, count


def _undelivered(before: str) -> Iterator[int]:
    """Messages that nobody has any more. They are looked for in their order, piece by piece, because there
    may be a million old ones that still wait for somebody."""
    last = ""
    while True:
        with transaction() as session:
            looked_at = select(Message.id).where(Message.id > last, Message.id < before)
            ids = list(session.scalars(looked_at.order_by(Message.id).limit(BATCH_ROWS)))
            is_kept = exists().where(Delivery.message_id == Message.id)
            count = affect(session, delete(Message).where(Message.id.in_(texts(session, ids)), ~is_kept))
        yield count
        if len(ids) < BATCH_ROWS:
            return
        last = ids[-1]
        gevent.sleep(PAUSE_SECONDS)


def _batches(model: type[Any], condition: ColumnElement[bool]) -> Iterator[int]:
    key = list(model.__table__.primary_key)
    due = select(*key).where(condition).limit(BATCH_ROWS)
    while True:
        with transaction() as session:
            count = affect(session, delete(model).where(tuple_(*key).in_(due)))
        yield count
        if count < BATCH_ROWS:
            return
        gevent.sleep(PAUSE_SECONDS)
