"""The outbox relay: publishes stored messages, at once or as soon as the broker takes them.

The table of messages is the outbox: it survives a worker that dies between commit and publishing, and a
broker that is away for days. One worker at a time looks every second for messages that are not marked as
published, and publishes them to the recipients that have not read them. Messages are marked in batches and a
little late, so each is published at least once; an inbox whose history still has the message does not get it
again. A message that is acknowledged while it is published for the first time, by a device that read it from
the database, may still reach the recipient's other streams.
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
from app.notifications import live
from app.notifications.models import Delivery, Message
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine
from app.realtime.event import Event

log = logging.getLogger(__name__)

LEASE = "courier"  # stored under this name, which workers of running releases share
PAUSE_SECONDS = 1.0
LEASE_SECONDS = 10.0
DRAIN_SECONDS = 2.0
# The worker that stored a younger message is still publishing it, and marks it a moment later.
GRACE = timedelta(seconds=4)
BATCH_MESSAGES = 100
BATCH_RECIPIENTS = 1000
MOST_UNMARKED = 100_000


class OutboxRelay:
    """One per worker. The worker that holds the lease calls `maintain` too, about every second."""

    def __init__(self, app: Flask, engine: Engine, maintain: Callable[[], None]) -> None:
        self._app = app
        self._engine = engine
        self._maintain = maintain
        self._unmarked: deque[str] = deque(maxlen=MOST_UNMARKED)  # ids of messages that were published
        self._holder = ""
        self._maintenance: gevent.Greenlet[..., None] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        self._holder = new_uuid()
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        gevent.killall([greenlet for greenlet in (self._greenlet, self._maintenance) if greenlet is not None])

    def drain(self) -> None:
        """The worker ends: marks what it published, and releases the lease for another worker."""
        self.stop()
        try:
            with self._app.app_context(), gevent.Timeout(DRAIN_SECONDS):
                self.mark()
                lease.release(LEASE, self._holder)
        except (Exception, gevent.Timeout) as error:  # the database may be away; the lease expires
            log.warning("published messages were not marked: %s", type(error).__name__)

    def publish(self, id: str, payload: str, recipients: list[int]) -> None:
        """Never fails: a message that the broker does not take now follows when the broker is back."""
        try:
            self._publish(live.message_event(id, payload), recipients)
        except BrokerUnavailable:
            return
        self._unmarked.append(id)

    def _publish(self, event: Event, recipients: list[int], is_retry: bool = False) -> None:
        if not self._engine.broker.is_connected:
            raise BrokerUnavailable("the broker is not connected")
        self._engine.publish_many([live.topic(recipient) for recipient in recipients], event, is_retry)

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
            except Exception as error:  # the database may be away: try again in the next round
                if trouble != (trouble := type(error).__name__):
                    log.warning(
                        "stored messages are not published: %s",
                        trouble,
                        exc_info=not is_database_unavailable(error),
                    )

    def _round(self) -> None:
        self.mark()
        if self._has_lease():
            self._start_maintenance()
            self.publish_left()

    def _has_lease(self) -> bool:
        return lease.hold(LEASE, self._holder, LEASE_SECONDS)

    def _start_maintenance(self) -> None:
        """In a greenlet of its own, because it may take minutes."""
        if self._maintenance is None or self._maintenance.ready():
            self._maintenance = gevent.spawn(self._run_maintenance)

    def _run_maintenance(self) -> None:
        try:
            with self._app.app_context():
                self._maintain()
        except Exception as error:
            log.warning("maintenance stopped half-way: %s", type(error).__name__)

    def mark(self) -> None:
        """Marks as published what this worker published since the last call."""
        ids = list(self._unmarked)
        if not ids:
            return
        with transaction() as session:
            marked = update(Message).where(Message.id.in_(texts(session, ids))).values(published_at=now())
            affect(session, marked)
        for _ in ids:
            self._unmarked.popleft()

    def publish_left(self) -> None:
        """Publishes what is not marked as published, oldest first, and renews the lease meanwhile: after an
        outage this may take longer than a lease lasts. Raises BrokerUnavailable."""
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
                self._publish_unread(id, live.message_event(id, payload))
                self._unmarked.append(id)
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


relay_part: Part[OutboxRelay] = Part("outbox_relay")
