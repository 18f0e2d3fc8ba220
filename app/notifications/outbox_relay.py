"""Publishing messages that are stored: at once where that works, and until it did.

The table of messages is the outbox: it survives a worker that dies between commit and publishing, and a
broker that is away for days. One worker at a time looks every second for messages that are not marked as
published, and publishes them to those who have not read them. Marks are made in bundles and a little late, so
a message may be published twice, but never not at all; inboxes that still have it in their history do not get
it again. What is acknowledged in the very moment of its first publishing, by a device that read it from the
database, may still reach the others.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import timedelta

import gevent
from flask import Flask
from sqlalchemy import select, update

from app.auth.models import new_uuid, now
from app.db import lease
from app.db.session import affect, texts, transaction
from app.errors import is_database_unavailable
from app.extensions import Part, db
from app.notifications import shapes, topics
from app.notifications.models import Delivery, Message
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine
from app.realtime.event import Event

log = logging.getLogger(__name__)

LEASE = "courier"
PAUSE_SECONDS = 1.0
LEASE_SECONDS = 10.0
DRAIN_SECONDS = 2.0
# Younger ones are still being published by whoever stored them, and marked a moment later.
GRACE = timedelta(seconds=4)
BATCH_MESSAGES = 100
BATCH_RECIPIENTS = 1000
MOST_MARKS = 100_000


class OutboxRelay:
    """One per worker; `chores` are what the worker that has the lease does beside, once in a while."""

    def __init__(self, app: Flask, engine: Engine, chores: Callable[[], None]) -> None:
        self._app = app
        self._engine = engine
        self._chores = chores
        self._published: deque[str] = deque(maxlen=MOST_MARKS)
        self._holder = ""
        self._chore: gevent.Greenlet[..., None] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._holder = new_uuid()
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        gevent.killall([greenlet for greenlet in (self._greenlet, self._chore) if greenlet is not None])

    def drain(self) -> None:
        """The worker ends: marks what it published, and lets another one have the lease."""
        self.stop()
        try:
            with self._app.app_context(), gevent.Timeout(DRAIN_SECONDS):
                self.mark()
                lease.release(LEASE, self._holder)
        except (Exception, gevent.Timeout) as error:  # the database may be away; others find out themselves
            log.warning("marks of published messages are lost: %s", type(error).__name__)

    def publish(self, id: str, payload: str, recipients: list[int]) -> None:
        """Never fails: what does not work now is done as soon as it does."""
        try:
            self._publish(shapes.event(id, payload), recipients)
        except BrokerUnavailable:
            return
        self._published.append(id)

    def _publish(self, event: Event, recipients: list[int], is_retry: bool = False) -> None:
        if not self._engine.broker.is_connected:
            raise BrokerUnavailable("nothing can be heard of it now")
        self._engine.publish_many([topics.inbox(recipient) for recipient in recipients], event, is_retry)

    def _work(self) -> None:
        trouble = ""
        while True:
            gevent.sleep(PAUSE_SECONDS)
            try:
                with self._app.app_context():
                    self._round()
                trouble = ""
            except BrokerUnavailable:
                pass
            except Exception as error:  # the database may be away, and is asked again every second
                if trouble != (trouble := type(error).__name__):
                    log.warning(
                        "stored messages wait: %s", trouble, exc_info=not is_database_unavailable(error)
                    )

    def _round(self) -> None:
        self.mark()
        if self._has_lease():
            self._do_chores()
            self.publish_left()

    def _has_lease(self) -> bool:
        return lease.hold(LEASE, self._holder, LEASE_SECONDS)

    def _do_chores(self) -> None:
        """Beside this greenlet, because they may take minutes."""
        if self._chore is None or self._chore.ready():
            self._chore = gevent.spawn(self._app_chores)

    def _app_chores(self) -> None:
        try:
            with self._app.app_context():
                self._chores()
        except Exception as error:
            log.warning("the sweep stopped half-way: %s", type(error).__name__)

    def mark(self) -> None:
        """Notes what was published since the last time."""
        ids = list(self._published)
        if not ids:
            return
        with transaction() as session:
            marked = update(Message).where(Message.id.in_(texts(session, ids))).values(published_at=now())
            affect(session, marked)
        for _ in ids:
            self._published.popleft()

    def publish_left(self) -> None:
        """Publishes what nobody did, oldest first, while it has the lease: after an outage there may be more
        than it lasts for. Raises BrokerUnavailable."""
        while True:
            left = db.session.execute(
                select(Message.id, Message.payload)
                .where(Message.published_at.is_(None), Message.created_at < now() - GRACE)
                .order_by(Message.created_at, Message.id)
                .limit(BATCH_MESSAGES)
            ).all()
            db.session.remove()
            for id, payload in left:
                if not self._has_lease():
                    return
                self._publish_unread(id, shapes.event(id, payload))
                self._published.append(id)
            self.mark()
            if len(left) < BATCH_MESSAGES:
                return

    def _publish_unread(self, id: str, event: Event) -> None:
        last = 0
        while True:
            unread = (
                select(Delivery.recipient_id)
                .where(Delivery.message_id == id, Delivery.read_at.is_(None), Delivery.recipient_id > last)
                .order_by(Delivery.recipient_id)
                .limit(BATCH_RECIPIENTS)
            )
            recipients = list(db.session.scalars(unread))
            db.session.remove()
            self._publish(event, recipients, is_retry=True)
            if len(recipients) < BATCH_RECIPIENTS:
                return
            last = recipients[-1]


relay: Part[OutboxRelay] = Part("courier")
