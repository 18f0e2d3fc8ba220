"""The stream of a recipient: everything unread, then what comes."""

from collections.abc import Iterator
from functools import partial

from flask import Flask, Response, current_app

from app.auth import subscribers
from app.auth.subscribers import Subscription
from app.extensions import db, engine
from app.notifications import messages, recipients, shapes, topics
from app.notifications.models import Recipient
from app.realtime.claims import Claims
from app.web.event_stream import open_stream

PAGE_MESSAGES = 200


def open_inbox(subscription: Subscription) -> Response:
    """Raises Unauthorized when the recipient was deleted meanwhile."""
    recipient_id = recipients.arrive(subscription)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    read = partial(_read, app, recipient_id)
    topic = topics.inbox(recipient_id)
    return open_stream(topic, subscription.claims, engine.snapshot(read))


def _read(app: Flask, recipient_id: int) -> Iterator[tuple[str, bytes]]:
    """Event ids and events, page by page; the connection goes back after each."""
    last = ""
    while True:
        with app.app_context():
            page = messages.read_unread(recipient_id, last, PAGE_MESSAGES)
        for id, payload in page:
            yield id, shapes.block(id, payload)
        if not last and not page:
            yield "ping", shapes.PING
        if len(page) < PAGE_MESSAGES:
            return
        last = page[-1][0]


def why_not_read(app: Flask, claims: Claims, topic: str) -> str | None:
    """The reason to end a stream whose bearer may not read the topic any more; None while it may."""
    with app.app_context():
        recipient = db.session.get(Recipient, int(topic.partition(":")[2]))
        if recipient is None:
            return "deleted"
        return "logged_out" if subscribers.is_revoked(db.session(), claims) else None
