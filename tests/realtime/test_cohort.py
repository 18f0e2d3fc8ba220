"""Cohorts: a member that leaves during a batch, and gaps."""

from app.realtime.claims import Claims
from app.realtime.event import Position
from app.realtime.streams.cohort import GAP, MOST_GAPS, Cohort
from app.realtime.streams.topic import Subscriber, Topic

BEFORE, AFTER = Position("epoch1", 1), Position("epoch1", 2)


def formed(count: int) -> tuple[Cohort, list[Subscriber]]:
    topic = Topic("constellation:a")
    cohort = topic.cohorts[0]
    cohort.position = BEFORE
    members = []
    for number in range(count):
        subscriber = Subscriber(topic, Claims("alice", "t", 0), 1000)
        subscriber.fd = 100 + number
        cohort.join(subscriber)
        members.append(subscriber)
    return cohort, members


def test_who_leaves_during_a_batch_knows_whether_it_has_it() -> None:
    cohort, members = formed(4)
    cohort.begin(BEFORE, AFTER)
    cohort.done = 2
    for member in members[:3]:
        cohort.leave(member)
    cohort.finish(10)
    cohort.leave(members[3])
    assert [member.position for member in members] == [AFTER, AFTER, BEFORE, AFTER]
    assert len(cohort) == 0


def test_who_enters_during_a_batch_is_not_given_it() -> None:
    cohort, _ = formed(2)
    cohort.begin(BEFORE, AFTER)
    late = Subscriber(Topic("constellation:a"), Claims("bob", "t", 0), 1000)
    cohort.join(late)
    assert cohort.end == 2
    cohort.leave(late)
    assert late.position == AFTER


def test_bytes_are_counted_for_each_from_its_entrance() -> None:
    cohort, [first] = formed(1)
    cohort.begin(BEFORE, AFTER)
    cohort.finish(10)
    second = Subscriber(Topic("constellation:a"), Claims("bob", "t", 0), 1000)
    cohort.join(second)
    cohort.begin(AFTER, Position("epoch1", 3))
    cohort.finish(5)
    for member in (first, second):
        cohort.leave(member)
    assert (first.sent, second.sent) == (15, 5)


def test_gaps_are_closed_between_batches() -> None:
    cohort, members = formed(40)
    for member in members[: MOST_GAPS + 1]:
        cohort.leave(member)
    assert list(cohort.fds).count(GAP) == MOST_GAPS + 1
    cohort.begin(BEFORE, AFTER)
    assert list(cohort.fds) == [member.fd for member in members[MOST_GAPS + 1 :]]
    assert [cohort.members[member.place] for member in members[MOST_GAPS + 1 :]] == members[MOST_GAPS + 1 :]
    cohort.finish(1)
    cohort.leave(members[-1])
    assert members[-1].position == AFTER and len(cohort) == 40 - MOST_GAPS - 2
