"""Those in step: who leaves while a batch is under way, and places that are empty."""

from app.realtime.claims import Claims
from app.realtime.event import Position
from app.realtime.formation import GAP, MOST_GAPS, Formation
from app.realtime.subscriber import Subscriber
from app.realtime.topic import Topic

BEFORE, AFTER = Position("epoch1", 1), Position("epoch1", 2)


def formed(count: int) -> tuple[Formation, list[Subscriber]]:
    topic = Topic("constellation:a")
    formation = topic.formations[0]
    formation.position = BEFORE
    members = []
    for number in range(count):
        subscriber = Subscriber(topic, Claims("alice", "t", 0), 1000)
        subscriber.fd = 100 + number
        formation.enter(subscriber)
        members.append(subscriber)
    return formation, members


def test_who_leaves_during_a_batch_knows_whether_it_has_it() -> None:
    formation, members = formed(4)
    formation.begin(BEFORE, AFTER)
    formation.done = 2
    for member in members[:3]:
        formation.leave(member)
    formation.finish(10)
    formation.leave(members[3])
    assert [member.position for member in members] == [AFTER, AFTER, BEFORE, AFTER]
    assert len(formation) == 0


def test_who_enters_during_a_batch_is_not_given_it() -> None:
    formation, _ = formed(2)
    formation.begin(BEFORE, AFTER)
    late = Subscriber(Topic("constellation:a"), Claims("bob", "t", 0), 1000)
    formation.enter(late)
    assert formation.end == 2
    formation.leave(late)
    assert late.position == AFTER


def test_bytes_are_counted_for_each_from_its_entrance() -> None:
    formation, [first] = formed(1)
    formation.begin(BEFORE, AFTER)
    formation.finish(10)
    second = Subscriber(Topic("constellation:a"), Claims("bob", "t", 0), 1000)
    formation.enter(second)
    formation.begin(AFTER, Position("epoch1", 3))
    formation.finish(5)
    for member in (first, second):
        formation.leave(member)
    assert (first.sent, second.sent) == (15, 5)


def test_gaps_are_closed_between_batches() -> None:
    formation, members = formed(40)
    for member in members[: MOST_GAPS + 1]:
        formation.leave(member)
    assert list(formation.fds).count(GAP) == MOST_GAPS + 1
    formation.begin(BEFORE, AFTER)
    assert list(formation.fds) == [member.fd for member in members[MOST_GAPS + 1 :]]
    assert [formation.members[member.place] for member in members[MOST_GAPS + 1 :]] == members[
        MOST_GAPS + 1 :
    ]
    formation.finish(1)
    formation.leave(members[-1])
    assert members[-1].position == AFTER and len(formation) == 40 - MOST_GAPS - 2
