"""The outbox relay publishes later what could not be published at once, on one worker at a time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from time import time
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from app.auth.models import now
from app.db import lease
from app.db.lease import ClusterLease
from app.db.session import transaction
from app.extensions import db
from app.notifications import outbox_relay
from app.notifications.models import Message
from app.notifications.outbox_relay import relay_part
from app.realtime.broker.base import BrokerUnavailable
from app.realtime.event import Event
from tests.notifications.conftest import OpenInbox, Service
from tests.support.wait import wait_until

pytestmark = pytest.mark.both_databases


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    with patch.multiple(outbox_relay, PAUSE_SECONDS=0.05, GRACE=timedelta(0)):
        yield


def unpublished(app: Flask) -> int:
    with app.app_context():
        query = select(func.count()).select_from(Message).where(Message.published_at.is_(None))
        return int(db.session.scalar(query) or 0)


def broken(app: Flask) -> "patch[Callable[..., None]]":  # type: ignore[type-arg]
    """A broker that takes no events until this ends."""
    return patch.object(app.extensions["engine"], "publish_many", side_effect=BrokerUnavailable("away"))


def test_what_is_published_is_marked(app: Flask, shop: Service) -> None:
    app.extensions["engine"].start()
    shop.notify("dora")
    wait_until(lambda: unpublished(app) == 0)


def test_it_follows_when_the_broker_is_back(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    opened = open_inbox("dora")
    opened.wait_for("ping")
    with broken(app):
        for number in range(3):
            shop.notify("dora", "emil", payload=str(number))
        assert (opened.payloads, unpublished(app)) == (["ping"], 3)
    opened.wait_for("ping", "0", "1", "2")
    wait_until(lambda: unpublished(app) == 0)


def test_more_than_an_outbox_holds(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    app.extensions["engine"].outbox._limit = 2
    opened = open_inbox("dora")
    opened.wait_for("ping")
    with broken(app):
        for number in range(10):
            shop.notify("dora", payload=str(number))
    opened.wait_for("ping", *map(str, range(10)))


def test_what_was_read_meanwhile_is_not_sent(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    opened, other = open_inbox("dora"), open_inbox("emil")
    for inbox in (opened, other):
        inbox.wait_for("ping")
    with broken(app):
        id = shop.notify("dora", "emil")
        shop.acknowledge("dora", id)
    other.wait_for("ping", "hello")
    shop.notify("dora", payload="later")
    opened.wait_for("ping", "later")


def test_a_worker_that_died_before_publishing(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    opened = open_inbox("dora")
    opened.wait_for("ping")
    with patch.object(relay_part.of(app), "publish"):
        shop.notify("dora", payload="left behind")
    opened.wait_for("ping", "left behind")


def lose_marks(app: Flask) -> None:
    """As a worker does that dies after it published."""
    wait_until(lambda: unpublished(app) == 0)
    with app.app_context(), transaction() as session:
        session.execute(update(Message).values(published_at=None))


def test_lost_marks_double_nothing(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    opened = open_inbox("dora")
    opened.wait_for("ping")
    shop.notify("dora")
    lose_marks(app)
    wait_until(lambda: unpublished(app) == 0)
    shop.notify("dora", payload="later")
    opened.wait_for("ping", "hello", "later")


def test_what_is_acknowledged_while_it_is_published_again(
    app: Flask, shop: Service, open_inbox: OpenInbox
) -> None:
    engine = app.extensions["engine"]
    publish, opened = engine.publish_many, open_inbox("dora")
    opened.wait_for("ping")
    id = shop.notify("dora")

    def acknowledge_first(topics: list[str], event: Event, is_retry: bool = False) -> None:
        shop.acknowledge("dora", id)
        publish(topics, event, is_retry)

    opened.wait_for("ping", "hello")
    with patch.object(engine, "publish_many", acknowledge_first):
        lose_marks(app)
        wait_until(lambda: unpublished(app) == 0)
    shop.notify("dora", payload="later")
    opened.wait_for("ping", "hello", "later")


def test_the_lease_lasts_until_everything_is_published(app: Flask, shop: Service) -> None:
    """As many seconds pass with each message as bring the lease near its end."""
    remaining: list[float] = []

    def slowly(*_arguments: object) -> None:
        with app.app_context(), transaction() as session:
            expires_at = session.scalars(select(ClusterLease.expires_at)).one() / 1000
            remaining.append(expires_at - now().timestamp())
            ends = int((now().timestamp() + outbox_relay.LEASE_SECONDS * 0.3) * 1000)
            session.execute(update(ClusterLease).values(expires_at=ends))

    with patch.object(app.extensions["engine"], "publish_many", slowly):
        with patch.object(relay_part.of(app), "publish"):
            for number in range(3):
                shop.notify("dora", payload=str(number))
        wait_until(lambda: unpublished(app) == 0)
    assert min(remaining) > outbox_relay.LEASE_SECONDS * 0.4


def test_many_recipients_in_batches(app: Flask, shop: Service, open_inbox: OpenInbox) -> None:
    users = [f"user-{number}" for number in range(25)]
    inboxes = [open_inbox(user) for user in (users[0], users[24])]
    for opened in inboxes:
        opened.wait_for("ping")
    with patch.object(outbox_relay, "BATCH_RECIPIENTS", 10), broken(app):
        shop.notify(*users)
    for opened in inboxes:
        opened.wait_for("ping", "hello")


def set_expiry(name: str, milliseconds: int) -> None:
    """Of this lease only: the application's outbox relay has one too."""
    with transaction() as session:
        session.execute(update(ClusterLease).where(ClusterLease.name == name).values(expires_at=milliseconds))


def test_one_holds_the_lease_until_it_runs_out(app: Flask) -> None:
    with app.app_context():
        assert lease.hold("x", "one", 60) and lease.hold("x", "one", 60)
        assert not lease.hold("x", "two", 60)
        assert lease.hold("y", "two", 60)
        set_expiry("x", int(now().timestamp() * 1000) - 1)
        assert lease.hold("x", "two", 60)
        assert not lease.hold("x", "one", 60)


def test_a_lease_from_before_the_clock_was_set_back_counts_as_expired(app: Flask) -> None:
    with app.app_context():
        with patch.object(lease, "time", lambda: time() + 3600):
            assert lease.hold("x", "one", 60)
        assert lease.hold("x", "two", 60)
        assert not lease.hold("x", "one", 60)


def test_who_holds_it_renews_it_in_time(app: Flask) -> None:
    def expiry() -> int:
        return int(db.session.scalar(select(ClusterLease.expires_at).where(ClusterLease.name == "x")) or 0)

    with app.app_context():
        lease.hold("x", "one", 60)
        first = expiry()
        lease.hold("x", "one", 60)
        assert expiry() == first
        set_expiry("x", first - 40_000)
        lease.hold("x", "one", 60)
        assert expiry() >= first


def test_a_worker_that_ends_leaves_its_marks_and_the_lease(app: Flask, shop: Service) -> None:
    with patch.object(outbox_relay, "PAUSE_SECONDS", 0.05):
        app.extensions["engine"].start()

        def holders() -> list[str]:
            with app.app_context():
                return list(
                    db.session.scalars(select(ClusterLease.holder).where(ClusterLease.expires_at > 0))
                )

        wait_until(holders)
    shop.notify("dora")
    app.extensions["engine"].drain(wait_seconds=1)
    assert (unpublished(app), holders()) == (0, [])
