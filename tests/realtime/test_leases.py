"""This worker's names: claimed, renewed, released and lost, while Redis and the roads to it come and go."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic

import gevent
import pytest
import redis
from gevent.event import Event

from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.presence import Holder, leases
from app.realtime.presence.base import Lease
from app.realtime.presence.leases import Leases
from app.realtime.presence.memory import MemoryPresence
from tests.realtime.conftest import MakeEngine
from tests.support.link import Link
from tests.support.services import RedisServer
from tests.support.wait import wait_until


@dataclass
class Worker:
    """An engine that records the leases that it lost."""

    engine: Engine
    lost: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.leases = self.engine.leases
        self.leases.on_lost = lambda name, connection: self.lost.append((name, connection))
        self.engine.start()
        wait_until(lambda: self.engine.broker.is_connected, what="the worker to listen")

    def holder(self, name: str) -> Holder | None:
        return self.engine.presence.find([name])[0]

    def claim(self, name: str, connection: str) -> bool:
        """As soon as the store can be reached."""
        answers: list[bool] = []

        def attempt() -> bool:
            try:
                answers.append(self.leases.claim(name, connection))
            except BrokerUnavailable:
                return False
            return True

        wait_until(attempt, 10, "the store to be back")
        return answers[0]

    def claim_when_free(self, name: str, connection: str, timeout: float = 10) -> None:
        wait_until(lambda: self.claim(name, connection), timeout, lambda: f"{name} to be free")


MakeWorker = Callable[..., Worker]


@pytest.fixture
def worker(make_engine: MakeEngine) -> Worker:
    return Worker(make_engine())


@pytest.fixture
def make_worker(own_redis: RedisServer) -> Iterator[MakeWorker]:
    made: list[Worker] = []

    def make(lease_seconds: float = 30, link: Link | None = None) -> Worker:
        url = f"redis://127.0.0.1:{link.port}/0" if link else own_redis.url
        broker = make_broker(url, HistoryLimits(), "test")
        made.append(Worker(Engine(broker, EngineSettings(presence_lease_seconds=lease_seconds))))
        return made[-1]

    yield make
    for worker in made:
        worker.engine.stop()


@pytest.fixture
def link(own_redis: RedisServer) -> Iterator[Link]:
    link = Link(own_redis.port)
    yield link
    link.close()


# Claims and releases


def test_the_first_connection_keeps_its_name(worker: Worker) -> None:
    assert worker.leases.claim("alice", "first")
    assert not worker.leases.claim("alice", "second")
    worker.leases.release("alice", "second")
    assert worker.holder("alice") == Holder(worker.engine.worker_id, "first")
    assert worker.leases.claim("alice", "first")
    assert len(worker.leases) == 1


def test_a_released_name_is_free_at_once(worker: Worker) -> None:
    for number in range(50):
        assert worker.leases.claim("alice", str(number))
        worker.leases.release("alice", str(number))
        worker.leases.release("alice", str(number))
    wait_until(lambda: worker.holder("alice") is None, what="the last release")
    assert len(worker.leases) == 0


def test_of_many_on_two_workers_one_wins(make_worker: MakeWorker) -> None:
    workers = [make_worker(), make_worker()]
    tries = [
        gevent.spawn(worker.leases.claim, "alice", f"{index}.{number}")
        for number in range(50)
        for index, worker in enumerate(workers)
    ]
    gevent.joinall(tries, raise_error=True)
    assert [attempt.value for attempt in tries].count(True) == 1
    assert sum(len(worker.leases) for worker in workers) == 1


def test_leases_are_renewed_for_as_long_as_they_are_held(make_worker: MakeWorker) -> None:
    one, other = make_worker(4), make_worker(4)
    for number in range(1100):
        one.leases.claim(f"user{number}", "c")
    until = monotonic() + 9
    while monotonic() < until:
        assert not other.leases.claim(f"user{random.randrange(1100)}", "c")
        gevent.sleep(0.01)
    assert other.engine.presence.count() == 1100
    assert one.lost == []


def test_the_names_of_a_dead_worker_are_free_after_the_lease(make_worker: MakeWorker) -> None:
    dead, alive = make_worker(1.0), make_worker(1.0)
    dead.leases.claim("alice", "c")
    started = monotonic()
    dead.engine.stop()
    alive.claim_when_free("alice", "c")
    assert monotonic() - started < 5
    assert alive.engine.presence.count() == 1


def test_a_worker_that_drains_frees_everything_in_one_round(worker: Worker) -> None:
    names = [f"user{number}" for number in range(1100)]
    for name in names:
        worker.leases.claim(name, "c")
    worker.engine.drain()
    assert worker.engine.presence.find(names) == [None] * 1100
    assert len(worker.leases) == 0
    with pytest.raises(BrokerUnavailable):
        worker.leases.claim("alice", "c")


# Redis goes away


def test_holders_claim_again_when_redis_comes_back_empty(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    one, other = make_worker(), make_worker()  # renewed every 10 s: this must be sooner
    names = [f"user{number}" for number in range(1100)]
    for number, name in enumerate(names):
        (one if number % 2 else other).leases.claim(name, name)
    own_redis.restart_empty()

    def are_back() -> bool:
        try:
            return None not in one.engine.presence.find(names)
        except BrokerUnavailable:
            return False

    wait_until(are_back, 6, "all names to be claimed again")
    assert not one.leases.claim("user0", "newcomer")
    assert not other.leases.claim("user1", "newcomer")
    assert one.lost == other.lost == []


def test_a_release_waits_for_the_store(make_worker: MakeWorker, own_redis: RedisServer) -> None:
    one, other = make_worker(), make_worker()
    one.leases.claim("alice", "c")
    own_redis.pause()
    one.leases.release("alice", "c")
    with pytest.raises(BrokerUnavailable):
        one.leases.claim("bob", "c")
    own_redis.resume()
    other.claim_when_free("alice", "c")


def test_a_newcomer_does_not_wait_for_an_earlier_release(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    worker = make_worker()
    worker.leases.claim("alice", "earlier")
    own_redis.pause()
    worker.leases.release("alice", "earlier")
    with pytest.raises(BrokerUnavailable):
        worker.leases.claim("alice", "c")
    own_redis.resume()
    assert worker.claim("alice", "newcomer")
    assert worker.holder("alice") == Holder(worker.engine.worker_id, "newcomer")


class SlowPresence(MemoryPresence):
    """Renewals and releases wait for `go`, and what it is asked for while it is away fails."""

    def __init__(self) -> None:
        super().__init__(lease_seconds=30)
        self.go = Event()
        self.renewed: list[int] = []
        self.releasing = 0
        self.is_away = False

    def claim(self, name: str, holder: Holder) -> bool:
        self._check()
        return super().claim(name, holder)

    def release(self, leases: Sequence[Lease]) -> None:
        self._check()
        self.releasing += 1
        if not self.go.is_set():  # waiting would let others go first
            self.go.wait()
        super().release(leases)

    def _check(self) -> None:
        if self.is_away:
            raise BrokerUnavailable("away")

    def renew(self, leases: Sequence[Lease]) -> list[bool]:
        self.renewed.append(len(leases))
        self.go.wait()
        return super().renew(leases)


def test_what_is_released_during_a_renewal_is_not_claimed_again() -> None:
    presence = SlowPresence()
    leases = Leases(presence)
    leases.start("w1")
    for number in range(510):
        leases.claim(f"user{number}", "c")
    leases.renew_soon()
    wait_until(lambda: presence.renewed, what="the renewal to begin")
    leases.release("user505", "c")
    presence.go.set()
    wait_until(lambda: len(presence.renewed) == 2 and not leases.pending, what="renewal and release")
    leases.stop()
    assert presence.renewed == [500, 9]
    assert presence.find(["user505"]) == [None]


def test_a_connection_that_claims_again_keeps_its_name() -> None:
    presence = SlowPresence()
    leases = Leases(presence)
    leases.start("w1")
    presence.is_away = True
    with pytest.raises(BrokerUnavailable):
        leases.claim("alice", "c")
    gevent.sleep(0)  # the release is tried
    presence.is_away = False
    presence.go.set()
    assert leases.pending == 1
    assert leases.claim("alice", "c")
    wait_until(lambda: not leases.pending, what="nothing to be released any more")
    leases.stop()
    assert presence.find(["alice"]) == [Holder("w1", "c")]


def test_a_connection_that_leaves_before_its_turn_leaves_no_ghost() -> None:
    presence = SlowPresence()
    leases = Leases(presence)
    leases.start("w1")
    leases.claim("alice", "earlier")
    leases.release("alice", "earlier")
    wait_until(lambda: presence.releasing == 1, what="the release to be under way")
    claim = gevent.spawn(leases.claim, "alice", "c")
    wait_until(lambda: presence.releasing == 2, what="the claim to make sure of it")
    leases.release("alice", "c")
    presence.go.set()
    assert claim.get(timeout=5) is False
    wait_until(lambda: not leases.pending, what="nothing to be released any more")
    leases.stop()
    assert presence.count() == 0


def test_a_connection_that_leaves_during_its_claim_leaves_no_ghost(
    make_worker: MakeWorker, own_redis: RedisServer
) -> None:
    one, other = make_worker(), make_worker()
    own_redis.pause()
    left, killed = (gevent.spawn(one.leases.claim, name, "c") for name in ("alice", "bob"))
    gevent.sleep(0)
    one.leases.release("alice", "c")
    killed.kill()
    own_redis.resume()
    assert left.get(timeout=5) is False
    for name in ("alice", "bob"):
        other.claim_when_free(name, "c")
    assert len(one.leases) == 0


def test_a_claim_whose_answer_is_lost_leaves_no_ghost(make_worker: MakeWorker, link: Link) -> None:
    cut_off, other = make_worker(link=link), make_worker()
    link.cut()
    with pytest.raises(BrokerUnavailable):
        cut_off.leases.claim("alice", "c")
    link.heal()
    other.claim_when_free("alice", "c")
    assert len(cut_off.leases) == 0


def test_a_claim_that_arrives_after_its_release_is_refused(
    make_worker: MakeWorker, link: Link, own_redis: RedisServer
) -> None:
    cut_off, other = make_worker(link=link), make_worker()
    cut_off.leases.claim("bob", "c")
    link.cut()
    with pytest.raises(BrokerUnavailable):
        cut_off.leases.claim("alice", "c")
    link.heal(late=True)
    assert cut_off.claim("charlie", "c")
    wait_until(lambda: not cut_off.leases.pending, what="the claim to be taken back")
    link.deliver_late()
    with own_redis.client() as client:
        wait_until(lambda: "errorstat_LATE" in client.info("errorstats"), what="the late claim")
    assert other.engine.presence.find(["alice", "bob", "charlie"])[0] is None
    assert other.engine.presence.count() == 2


def test_a_worker_cut_off_for_longer_than_the_lease_loses_what_others_took(
    make_worker: MakeWorker, link: Link
) -> None:
    cut_off, other = make_worker(1.0, link), make_worker()
    for name in ("alice", "bob"):
        assert cut_off.leases.claim(name, "old")
    link.cut()
    other.claim_when_free("alice", "new")
    wait_until(lambda: not cut_off.engine.broker.is_connected, 10, "the silence to be noticed")
    assert len(cut_off.leases) == 2 and cut_off.lost == []
    link.heal()
    wait_until(lambda: cut_off.lost, 15, "the loser to be told")
    assert cut_off.lost == [("alice", "old")]
    cut_off.leases.release("alice", "old")
    wait_until(lambda: other.holder("bob") is not None, what="the other name to be renewed")
    now = [Holder(other.engine.worker_id, "new"), Holder(cut_off.engine.worker_id, "old")]
    wait_until(lambda: other.engine.presence.find(["alice", "bob"]) == now, what="both names")
    assert other.lost == []


def test_whoever_can_not_be_told_costs_the_others_nothing(make_worker: MakeWorker) -> None:
    worker, other = make_worker(3), make_worker()
    worker.leases.on_lost = lambda name, connection: 1 / 0
    for name in ("alice", "bob"):
        worker.leases.claim(name, "c")
    here, there = Holder(worker.engine.worker_id, "c"), Holder(other.engine.worker_id, "c")

    def take() -> bool:  # a renewal may come in between
        other.engine.presence.release([("alice", here)])
        return other.engine.presence.claim("alice", there)

    wait_until(take, what="the name")
    wait_until(lambda: len(worker.leases) == 1, what="the loss to be noticed")
    until = monotonic() + 4
    while monotonic() < until:
        assert other.holder("bob") == here
        gevent.sleep(0.02)


# All at once


def test_whatever_happens_a_name_has_one_owner(make_worker: MakeWorker, own_redis: RedisServer) -> None:
    """Connections of two workers come and go under five names while Redis drops its clients."""
    workers = [make_worker(), make_worker()]
    names = [f"user{number}" for number in range(5)]
    owners: dict[str, str] = {}
    until = monotonic() + 4
    claimed = [0]

    def come_and_go(worker: Worker, number: int) -> None:
        rounds = 0
        while monotonic() < until:
            rounds += 1
            name, connection = random.choice(names), f"{number}.{rounds}"
            try:
                is_ours = worker.leases.claim(name, connection)
            except BrokerUnavailable:
                is_ours = False
            if is_ours:
                claimed[0] += 1
                assert owners.setdefault(name, connection) == connection
                gevent.sleep(random.random() * 0.01)
                del owners[name]
                worker.leases.release(name, connection)
            gevent.sleep(random.random() * 0.002)

    crowd = [gevent.spawn(come_and_go, worker, number) for number, worker in enumerate(workers * 20)]
    while monotonic() < until:
        gevent.sleep(0.3)
        with own_redis.client() as client:
            client.execute_command("CLIENT", "KILL", "TYPE", "normal")
    gevent.joinall(crowd, raise_error=True)
    assert claimed[0] > 100
    wait_until(lambda: _count(workers[0]) == 0, what="all names to be free")
    assert [worker.lost for worker in workers] == [[], []]


def _count(worker: Worker) -> int | None:
    try:
        return worker.engine.presence.count()
    except (BrokerUnavailable, redis.RedisError):
        return None


def test_names_from_before_come_first_when_the_store_came_back_empty(
    make_worker: MakeWorker, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim in that moment, on another worker, waits for them."""
    monkeypatch.setattr(leases, "SETTLE_SECONDS", 3.0)
    first, second = make_worker(), make_worker()
    assert first.claim("alice", "c1")
    for _ in range(3):
        own_redis.restart_empty()
        wait_until(lambda: second.engine.broker.is_connected, 10, "the store to be back")
        assert not second.claim("alice", "c2")
    assert first.holder("alice") == Holder(first.engine.worker_id, "c1")
    assert first.lost == []
