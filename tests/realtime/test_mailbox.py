"""Messages between workers: in order, at most once, and never in each other's way."""

from collections.abc import Iterator

import gevent
import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.engine import Engine
from app.realtime.workers import mailbox as mail_module
from tests.realtime.conftest import MakeEngine
from tests.support.services import RedisServer
from tests.support.wait import wait_until


class Worker:
    """An engine that keeps the messages of its mailbox."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.mailbox = engine, engine.mailbox
        self.got: list[bytes] = []
        self.mailbox.handlers["note"] = self.got.append
        self.mailbox.handlers["ready"] = lambda message: None
        engine.start()
        self.id = engine.worker_id

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.got) >= count, 10, lambda: f"{count} messages, not {len(self.got)}")

    def wait_until_heard_by(self, other: "Worker") -> None:
        def is_heard() -> bool:
            try:
                return self.mailbox.send(other.id, "ready", b"")
            except BrokerUnavailable:
                return False

        wait_until(is_heard, 10, "the other worker to listen")


@pytest.fixture
def worker(make_engine: MakeEngine) -> Worker:
    """In memory, and with Redis."""
    return Worker(make_engine())


@pytest.fixture
def pair(own_redis: RedisServer) -> Iterator[tuple[Worker, Worker]]:
    """Alice and Bob, who hear each other; after that Redis may come and go."""
    alice, bob = (Worker(Engine(make_broker(own_redis.url, HistoryLimits(), "test"))) for _ in range(2))
    alice.wait_until_heard_by(bob)
    bob.wait_until_heard_by(alice)
    alice.mailbox.dropped = bob.mailbox.dropped = 0  # the first messages, before both listened
    yield alice, bob
    for worker in (alice, bob):
        worker.engine.stop()


# To this worker, and to a worker that is gone


def test_ones_own_mail_comes_in_order_and_later(worker: Worker) -> None:
    for number in range(600):
        worker.mailbox.post(worker.id, "note", b"%d" % number)
    assert worker.mailbox.send(worker.id, "note", b"600")
    assert worker.got == []  # nothing is handled inside of a call
    worker.wait_for(601)
    assert worker.got == [b"%d" % number for number in range(601)]


def test_a_handler_may_post(worker: Worker) -> None:
    def echo(message: bytes) -> None:
        worker.mailbox.post(worker.id, "note", message)
        assert message not in worker.got

    worker.mailbox.handlers["echo"] = echo
    worker.mailbox.post(worker.id, "echo", b"hello")
    worker.wait_for(1)
    assert worker.mailbox.dropped == 0


def test_nobody_listens_in_the_name_of_a_worker_that_is_gone(worker: Worker) -> None:
    assert not worker.mailbox.send("gone", "note", b"hello")
    worker.mailbox.post("gone", "note", b"hello")
    wait_until(lambda: worker.mailbox.dropped == 2, what="the post to be counted too")


def test_a_handler_that_fails_costs_its_message_only(worker: Worker) -> None:
    worker.mailbox.handlers["bad"] = lambda message: 1 / 0
    for kind in ("note", "bad", "unknown", "note"):
        worker.mailbox.post(worker.id, kind, b"hello")
    worker.wait_for(2)
    assert worker.mailbox.dropped == 2


def test_what_does_not_fit_is_dropped(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_module, "WAITING_BYTES", 1000)
    for number in range(20):
        worker.mailbox.post(worker.id, "note", b"%d" % number)
    with pytest.raises(BrokerUnavailable):
        worker.mailbox.send(worker.id, "note", b"no room")
    worker.wait_for(10)
    assert worker.got == [b"%d" % number for number in range(10)]
    assert worker.mailbox.dropped == 10
    assert worker.mailbox.send(worker.id, "note", b"room")


# To others


def test_mail_comes_in_order_whether_posted_or_sent(pair: tuple[Worker, Worker]) -> None:
    alice, bob = pair
    for number in range(1000):
        if number % 100 == 50:
            assert alice.mailbox.send(bob.id, "note", b"%d" % number)
        else:
            alice.mailbox.post(bob.id, "note", b"%d" % number)
    bob.wait_for(1000)
    assert bob.got == [b"%d" % number for number in range(1000)]
    assert alice.got == []


def test_what_was_sent_was_handed_over(pair: tuple[Worker, Worker]) -> None:
    alice, bob = pair
    senders = [
        gevent.spawn(sender.mailbox.send, receiver.id, "note", b"x")
        for _ in range(100)
        for sender, receiver in ((alice, bob), (bob, alice))
    ]
    gevent.joinall(senders, raise_error=True)
    assert all(sender.value for sender in senders)
    for worker in pair:
        worker.wait_for(100)


MESSAGES = {"empty": b"", "bytes": b"\x00\xff \r\n", "text": "größe 🎉".encode(), "2 MB": b"x" * 2_000_000}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_messages_arrive_as_they_were(pair: tuple[Worker, Worker], message: bytes) -> None:
    alice, bob = pair
    assert alice.mailbox.send(bob.id, "note", message)
    bob.wait_for(1)
    assert bob.got == [message]


@pytest.mark.parametrize("garbage", [b"", b"\n", b"alice", b"alice\n\x00", b"alice\n" + b"\xff" * 40])
def test_garbage_never_stops_the_listener(
    pair: tuple[Worker, Worker], own_redis: RedisServer, garbage: bytes
) -> None:
    alice, bob = pair
    bob.mailbox.handlers["bad"] = lambda message: 1 / 0
    with own_redis.client() as client:
        listeners = [found["id"] for found in client.client_list("pubsub")]
        assert client.publish(f"test:mail:{bob.id}", garbage) == 1
        assert alice.mailbox.send(bob.id, "bad", b"")
        assert alice.mailbox.send(bob.id, "note", b"after")
        bob.wait_for(1)
        assert [found["id"] for found in client.client_list("pubsub")] == listeners


def test_a_parcel_that_comes_twice_is_opened_once(
    pair: tuple[Worker, Worker], own_redis: RedisServer
) -> None:
    alice, bob = pair
    channel = f"test:mail:{bob.id}"
    with own_redis.client() as client, client.pubsub(ignore_subscribe_messages=True) as tap:
        tap.subscribe(channel)
        wait_until(lambda: dict(client.pubsub_numsub(channel))[channel.encode()] == 2, what="the tap")
        alice.mailbox.send(bob.id, "note", b"once")
        parcel = wait_until(tap.get_message, what="the parcel")["data"]
        assert client.publish(channel, parcel) == 2
    assert alice.mailbox.send(bob.id, "note", b"after")
    bob.wait_for(2)
    assert bob.got == [b"once", b"after"]


# Redis goes away


def test_without_a_broker_mail_is_lost_but_ones_own(
    pair: tuple[Worker, Worker], own_redis: RedisServer
) -> None:
    alice, bob = pair
    own_redis.stop()
    with pytest.raises(BrokerUnavailable):
        alice.mailbox.send(bob.id, "note", b"lost")
    alice.mailbox.post(bob.id, "note", b"lost")
    assert alice.mailbox.send(alice.id, "note", b"own")
    alice.wait_for(1)
    wait_until(lambda: not len(alice.mailbox), what="the post to be given up")
    assert alice.mailbox.dropped == 2
    own_redis.start()
    alice.wait_until_heard_by(bob)
    assert alice.mailbox.send(bob.id, "note", b"after")
    bob.wait_for(1)
    assert bob.got == [b"after"]


def test_mail_comes_at_most_once_while_connections_are_lost(
    pair: tuple[Worker, Worker], own_redis: RedisServer
) -> None:
    alice, bob = pair
    for number in range(4000):
        alice.mailbox.post(bob.id, "note", b"%d" % number)
        if number % 20 == 0:
            gevent.sleep(0)
        if number % 800 == 500:
            own_redis.kill_clients()
    alice.wait_until_heard_by(bob)
    assert alice.mailbox.send(bob.id, "note", b"4000")
    wait_until(lambda: b"4000" in bob.got, what="the last message")
    numbers = [int(message) for message in bob.got]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 500


def test_a_lost_connection_alone_costs_no_mail(pair: tuple[Worker, Worker], own_redis: RedisServer) -> None:
    alice, bob = pair
    with own_redis.client() as client:
        for number in range(5):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal")
            assert alice.mailbox.send(bob.id, "note", b"%d" % number)
    bob.wait_for(5)
    assert bob.got == [b"0", b"1", b"2", b"3", b"4"]


def test_what_waits_for_a_frozen_broker_is_bounded(
    pair: tuple[Worker, Worker], own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = pair
    monkeypatch.setattr(mail_module, "WAITING_BYTES", 100_000)
    own_redis.pause()
    alice.mailbox.post(bob.id, "note", b"the first")
    for number in range(300):
        alice.mailbox.post(bob.id, "note", b"%d" % number + b" " * 900)
    assert alice.mailbox.dropped == 200
    with pytest.raises(BrokerUnavailable):
        alice.mailbox.send(bob.id, "note", b"no room")
    own_redis.resume()
    alice.wait_until_heard_by(bob)
    bob.wait_for(1)


def test_a_worker_that_drains_sends_what_it_has(pair: tuple[Worker, Worker], own_redis: RedisServer) -> None:
    alice, bob = pair
    own_redis.pause()
    for number in range(100):
        alice.mailbox.post(bob.id, "note", b"%d" % number)
    gevent.spawn_later(0.2, own_redis.resume)
    alice.engine.drain(wait_seconds=10)
    assert len(alice.mailbox) == 0
    bob.wait_for(100)


def test_who_waits_hears_that_the_worker_stops(pair: tuple[Worker, Worker], own_redis: RedisServer) -> None:
    alice, bob = pair
    own_redis.pause()
    waiting = [gevent.spawn(alice.mailbox.send, bob.id, "note", b"x") for _ in range(2)]
    gevent.sleep(0)
    alice.mailbox.stop()
    for sender in waiting:
        with pytest.raises(BrokerUnavailable):
            sender.get(timeout=5)
    own_redis.resume()
