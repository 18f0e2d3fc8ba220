"""Retention: deletes messages that were acknowledged long ago, idempotency keys and revocations that expired.

Unread messages are kept for ever. Deletions are made in small transactions, so that no other waits for long.
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


class HourlyPrune:
    """Called often, it calls `prune` a minute after the start and then once an hour."""

    def __init__(self) -> None:
        self._next = monotonic() + FIRST_SECONDS

    def __call__(self) -> None:
        if monotonic() >= self._next:
            self._next = monotonic() + EVERY_SECONDS
            prune()


def prune() -> dict[str, int]:
    """Deletes what is due; how many rows of each kind."""
    counts: Counter[str] = Counter()
    for what, count in rounds():
        counts[what] += count
    return dict(counts)


def rounds() -> Iterator[tuple[str, int]]:
    """`prune`, one transaction at a time: yields the kind of row that it deleted, and how many."""
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
    """Deletes messages without a delivery. It scans the ids in order, batch by batch, because a million old
    messages may still have unread deliveries."""
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
