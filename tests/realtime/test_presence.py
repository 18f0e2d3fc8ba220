"""The contract of `app/realtime/presence/base.py`, in memory and in Redis."""

from collections.abc import Callable, Iterator

import gevent
import pytest
import redis

from app.realtime.broker import make_broker
from app.realtime.broker.base import BrokerUnavailable, HistoryLimits
from app.realtime.presence import Holder, Presence, make_presence
from tests.realtime.conftest import Listener, MakeBroker, start_broker
from tests.support.services import RedisServer
from tests.support.wait import wait_until

BROKERS = ["memory", "redis", "sentinel", "cluster"]
ALICE, BOB = Holder("w1", "alice's"), Holder("w2", "bob's")

MakePresence = Callable[..., Presence]


@pytest.fixture
def make_presence_(make_broker_: MakeBroker) -> MakePresence:
    """Each on a connection of its own, to the same store; in memory there is but one."""

    def make(lease_seconds: float = 30) -> Presence:
        return make_presence(start_broker(make_broker_(), Listener()), lease_seconds)

    return make


@pytest.fixture
def presence(make_presence_: MakePresence) -> Presence:
    return make_presence_()


def test_a_name_has_one_holder(presence: Presence) -> None:
    assert presence.claim("ci_bot", ALICE)
    assert not presence.claim("ci_bot", BOB)
    assert presence.claim("other", BOB)
    assert presence.find(["ci_bot", "other"]) == [ALICE, BOB]


def test_of_many_in_the_same_moment_one_wins(make_presence_: MakePresence, broker_url: str) -> None:
    workers = [make_presence_() for _ in range(2 if broker_url else 1)]
    tries = [
        gevent.spawn(presence.claim, "ci_bot", Holder(f"w{worker}", str(number)))
        for number in range(50)
        for worker, presence in enumerate(workers)
    ]
    gevent.joinall(tries, raise_error=True)
    assert sorted(attempt.value for attempt in tries)[-2:] == [False, True]


def test_claiming_again_does_no_harm(presence: Presence) -> None:
    assert presence.claim("ci_bot", ALICE) and presence.claim("ci_bot", ALICE)
    assert not presence.claim("ci_bot", Holder(ALICE.worker, "another"))
    assert not presence.claim("ci_bot", Holder("another", ALICE.connection))
    assert presence.count() == 1


def test_only_its_holder_releases_a_name(presence: Presence) -> None:
    presence.claim("ci_bot", ALICE)
    presence.release([("ci_bot", BOB), ("unknown", BOB)])
    assert presence.find(["ci_bot"]) == [ALICE]
    for _ in range(2):
        presence.release([("ci_bot", ALICE)])
        assert (presence.find(["ci_bot"]), presence.count()) == ([None], 0)
    assert presence.claim("ci_bot", BOB)


def test_many_are_found_renewed_and_released_in_one_round(presence: Presence) -> None:
    names = [f"user{number}" for number in range(1203)]
    held = [(name, ALICE) for name in names[::2]]
    assert presence.renew(held) == [True] * len(held)
    assert presence.find(names) == [None if number % 2 else ALICE for number in range(1203)]
    assert presence.count() == len(held)
    presence.release(held)
    assert presence.find(names) == [None] * 1203
    assert (presence.find([]), presence.renew([])) == ([], [])


def test_a_lease_that_is_over_frees_the_name(make_presence_: MakePresence) -> None:
    presence = make_presence_(2.5)
    presence.claim("ci_bot", ALICE)
    wait_until(lambda: presence.count() == 0, what="the lease to be over")
    assert presence.find(["ci_bot"]) == [None]
    assert presence.claim("ci_bot", BOB)
    assert presence.renew([("ci_bot", ALICE)]) == [False]
    assert presence.find(["ci_bot"]) == [BOB]


def test_a_renewed_lease_lasts(make_presence_: MakePresence) -> None:
    presence = make_presence_(2.5)
    leases = [("kept", ALICE), ("forgotten", ALICE)]
    assert [presence.claim(*lease) for lease in leases] == [True, True]
    wait_until(
        lambda: presence.renew(leases[:1]) == [True] and presence.find(["forgotten"]) == [None],
        what="the lease that was not renewed to be over",
    )
    assert presence.find(["kept"]) == [ALICE]
    assert presence.count() == 1


def test_what_the_store_lost_is_claimed_anew_unless_somebody_was_faster(presence: Presence) -> None:
    presence.claim("taken", BOB)
    assert presence.renew([("lost", ALICE), ("taken", ALICE), ("taken", BOB)]) == [True, False, True]
    assert presence.find(["lost", "taken"]) == [ALICE, BOB]


CRAFTED = [
    *("", " ", "a", "a ", "a\n", "\na", "\0", "a\0", "nil", "-inf", "1e3", "*", "%s%n"),
    *("{presence}", "hub:{presence}:ends", "__proto__", "größe", "gro\u0308ße", "🎉" * 200),
    *("\u202egnp", "\ud800", "\udcff", "\udcff\udcfe"),
]


def test_names_and_connections_are_any_text(presence: Presence) -> None:
    holders = [Holder("w1", f"{name} of {name}") for name in CRAFTED]
    assert all(presence.claim(name, holder) for name, holder in zip(CRAFTED, holders, strict=True))
    assert presence.find(CRAFTED) == holders
    assert presence.count() == len(CRAFTED)
    leases = list(zip(CRAFTED, holders, strict=True))
    assert presence.renew(leases) == [True] * len(CRAFTED)
    presence.release(leases)
    assert presence.count() == 0


@pytest.mark.parametrize("broker_url", ["redis"], indirect=True)
def test_names_of_the_dead_are_swept_a_few_at_a_time(redis_url: str, make_presence_: MakePresence) -> None:
    dead, presence = make_presence_(1.5), make_presence_()
    dead.renew([(f"user{number}", ALICE) for number in range(40)])
    wait_until(lambda: presence.count() == 0, what="the leases to be over")
    with redis.Redis.from_url(redis_url) as client:
        sizes = []
        for _ in range(4):
            sizes += [sum(map(client.zcard, client.keys("*:ends")))]
            presence.claim("bob", BOB)
        assert sizes == [40, 25, 9, 1]
        assert sum(map(client.hlen, client.keys("*:holders"))) == 1
        assert all(client.ttl(key) > 0 for key in client.keys("*:{presence}:*"))


@pytest.fixture
def own_presence(own_redis: RedisServer) -> Iterator[Presence]:
    broker = make_broker(own_redis.url, HistoryLimits(), "test")
    presence = make_presence(broker, 30)
    broker.start(Listener())
    yield presence
    broker.stop()


def test_a_lost_connection_alone_costs_nothing(own_presence: Presence, own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        for number in range(5):
            client.execute_command("CLIENT", "KILL", "TYPE", "normal")
            assert own_presence.claim(f"user{number}", ALICE)
            client.execute_command("CLIENT", "KILL", "TYPE", "normal")
            assert own_presence.count() == number + 1


def test_without_its_store_nobody_knows(own_presence: Presence, own_redis: RedisServer) -> None:
    assert own_presence.claim("ci_bot", ALICE)
    own_redis.stop()
    with pytest.raises(BrokerUnavailable):
        own_presence.claim("ci_bot", BOB)
    with pytest.raises(BrokerUnavailable):
        own_presence.renew([("ci_bot", ALICE)])
    with pytest.raises(BrokerUnavailable):
        own_presence.release([("ci_bot", ALICE)])
    with pytest.raises(BrokerUnavailable):
        own_presence.find(["ci_bot"])
    with pytest.raises(BrokerUnavailable):
        own_presence.count()


def test_names_are_listed(presence: Presence) -> None:
    for number in range(5):
        presence.claim(f"worker {number}", ALICE)
    presence.release([("worker 3", ALICE)])
    assert sorted(presence.names(100)) == ["worker 0", "worker 1", "worker 2", "worker 4"]
    assert len(presence.names(2)) == 2


def test_names_whose_lease_is_over_are_not(make_presence_: MakePresence) -> None:
    presence = make_presence_(1.5)
    presence.claim("ci_bot", ALICE)
    wait_until(lambda: presence.names(10) == [], what="the lease to be over")
    presence.renew([("ci_bot", ALICE)])
    assert presence.names(10) == ["ci_bot"]


def test_kinds_of_names_have_nothing_to_do_with_each_other(make_broker_: MakeBroker) -> None:
    broker = make_broker_()
    broker.start(Listener())
    users, workers = make_presence(broker, 30), make_presence(broker, 30, "workers")
    assert users.claim("alice", ALICE) and workers.claim("alice", BOB)
    assert (users.count(), users.find(["alice"]), workers.names(10)) == (1, [ALICE], ["alice"])
