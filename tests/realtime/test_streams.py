"""What a stream shows its reader, on every broker."""

import gc
from time import time
from uuid import uuid4

import pytest
from gevent.event import Event as Moment

from app.realtime.claims import Claims
from app.realtime.engine import Engine, EngineSettings, Overloaded
from app.realtime.event import Event
from app.realtime.net.takeover import RequestSocket
from app.realtime.streams.topic import Subscriber
from tests.realtime.conftest import MakeEngine
from tests.realtime.reader import ALICE, WAYS, Reader, authorize_all
from tests.support.wait import wait_until

TOPIC = "constellation:a"


@pytest.fixture(params=WAYS, autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here runs over both ways of writing."""
    monkeypatch.setattr(Reader, "way", request.param)


def publish(engine: Engine, *texts: str) -> None:
    for text in texts:
        engine.publish(TOPIC, Event(text))


def test_a_fresh_stream_replays_nothing_and_has_a_cursor_at_once(engine: Engine) -> None:
    publish(engine, "before")
    reader = Reader(engine)
    assert reader.wait_for_cursor()
    publish(engine, "after")
    reader.wait_for("after")
    assert reader.chunks[0].startswith(b"retry: ")
    assert [event.name for event in reader.events] == ["message"]
    assert 1500 <= (reader.decoder.retry or 0) <= 4500


def test_a_first_cursor_resumes_what_came_after_it(engine: Engine) -> None:
    reader = Reader(engine)
    cursor = reader.wait_for_cursor()
    reader.leave()
    publish(engine, "missed 1", "missed 2")
    back = Reader(engine, cursor=cursor)
    back.wait_for("missed 1", "missed 2")
    assert back.events[0].name == "stream.resumed"
    assert back.named("stream.resumed") == [{"replayed": 2}]
    publish(engine, "live")
    back.wait_for("missed 1", "missed 2", "live")


def test_a_resume_without_a_gap_says_so(engine: Engine) -> None:
    reader = Reader(engine)
    reader.wait_for_cursor()
    publish(engine, "one")
    reader.wait_for("one")
    back = Reader(engine, cursor=reader.cursor)
    wait_until(lambda: back.events, what="the verdict")
    assert back.named("stream.resumed") == [{"replayed": 0}]
    assert back.events[0].last_event_id == reader.cursor  # the verdict itself moves no cursor


@pytest.mark.parametrize("cursor", ["garbage", "1", "x.y", "ab.1", "abcdef.-1", "größe.1", "a" * 5000])
def test_a_cursor_that_does_not_parse_is_unknown(engine: Engine, cursor: str) -> None:
    publish(engine, "before")
    reader = Reader(engine, cursor=cursor)
    wait_until(lambda: reader.events, what="the verdict")
    assert reader.named("stream.reset") == [{"reason": "unknown_cursor"}]
    assert reader.cursor != cursor
    publish(engine, "after")
    reader.wait_for("after")


def test_a_foreign_epoch_is_lost_history(engine: Engine) -> None:
    publish(engine, "before")
    reader = Reader(engine, cursor="abcdef123456.1")
    wait_until(lambda: reader.events, what="the verdict")
    assert reader.named("stream.reset") == [{"reason": "history_lost"}]
    back = Reader(engine, cursor=reader.cursor)  # the id of the verdict is a good place to go on from
    wait_until(lambda: back.events, what="the second verdict")
    assert back.named("stream.resumed") == [{"replayed": 0}]


def test_a_trimmed_history_is_lost(make_engine: MakeEngine) -> None:
    engine = make_engine(events=3)
    reader = Reader(engine)
    cursor = reader.wait_for_cursor()
    reader.leave()
    publish(engine, "1", "2", "3", "4")
    back = Reader(engine, cursor=cursor)
    wait_until(lambda: back.events, what="the verdict")
    assert back.named("stream.reset") == [{"reason": "history_lost"}]
    assert back.messages == []


def test_a_live_stream_learns_that_its_topic_began_anew(engine: Engine) -> None:
    reader = Reader(engine)
    reader.wait_for_cursor()
    publish(engine, "before")
    reader.wait_for("before")
    engine.broker.reset(TOPIC)
    wait_until(lambda: reader.named("stream.reset"), what="the reset")
    publish(engine, "after")
    reader.wait_for("before", "after")
    back = Reader(engine, cursor=reader.cursor)
    wait_until(lambda: back.events, what="the verdict")
    assert back.named("stream.resumed") == [{"replayed": 0}]


def test_many_readers_get_every_event_in_order(engine: Engine) -> None:
    readers = [Reader(engine) for _ in range(20)]
    for reader in readers:
        reader.wait_for_cursor()
    texts = [str(n) for n in range(300)]
    publish(engine, *texts)
    for reader in readers:
        reader.wait_for(*texts)


def test_replay_is_joined_to_live_while_events_keep_coming(engine: Engine) -> None:
    publish(engine, *[str(n) for n in range(500)])
    first = engine.broker.top(TOPIC)
    reader = Reader(engine, cursor=f"{first.epoch}.0")
    reader.pause()
    publish(engine, *[str(n) for n in range(500, 900)])
    reader.resume()
    publish(engine, *[str(n) for n in range(900, 1000)])
    reader.wait_for(*[str(n) for n in range(1000)])


def test_a_replay_larger_than_the_buffer_goes_at_the_readers_pace(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(buffer_bytes=10_000))
    texts = [f"{n} " + "x" * 1000 for n in range(200)]
    publish(engine, *texts[:100])
    reader = Reader(engine, cursor=f"{engine.broker.top(TOPIC).epoch}.0")
    reader.pause()
    publish(engine, *texts[100:150])  # more than it may hold while it joins
    topic, top = engine.hub.topics[TOPIC], engine.broker.top(TOPIC)
    wait_until(lambda: topic.position == top and not topic.queue, what="all to be heard and dispatched")
    reader.resume()
    reader.wait_for(*texts[:150])
    for text in texts[150:]:
        publish(engine, text)
        wait_until(lambda text=text: reader.messages[-1:] == [text], what=text[:10])


def test_a_slow_reader_is_cut_off_and_the_others_are_not(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(buffer_bytes=10_000))
    slow, quick = Reader(engine), Reader(engine)
    for reader in (slow, quick):
        reader.wait_for_cursor()
    publish(engine, "first")
    slow.wait_for("first")
    slow.pause()
    for n in range(30):
        publish(engine, f"{n} " + "x" * 1000)
        wait_until(lambda n=n: len(quick.messages) == n + 2, what=f"event {n}")
    cut = next(s for s in engine.hub.subscribers() if s.reason)
    assert cut.unsent_bytes < 11_000
    slow.resume()
    slow.wait_closed("slow_consumer")
    back = Reader(engine, cursor=slow.cursor)
    wait_until(lambda: len(slow.messages + back.messages) == 31, what="the rest after coming back")
    assert slow.messages + back.messages == quick.messages


def test_one_event_always_fits(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(buffer_bytes=1000))
    reader = Reader(engine)
    reader.wait_for_cursor()
    publish(engine, "x" * 100_000)
    reader.wait_for("x" * 100_000)


def test_silence_is_broken_by_comments(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(heartbeat_seconds=1))
    reader = Reader(engine)
    reader.wait_for_cursor()
    comments = len(reader.decoder.comments)
    wait_until(lambda: len(reader.decoder.comments) >= comments + 2, timeout=5, what="two heartbeats")
    assert reader.events == []


def test_a_stream_ends_when_its_token_expires(engine: Engine) -> None:
    expires_at = int(time()) + 2
    expiring = Reader(engine, claims=Claims("alice", "short", expires_at))
    lasting = Reader(engine, claims=Claims("alice", "long", expires_at + 3600))
    expiring.wait_closed("token_expired")
    assert expires_at <= time() <= expires_at + 3
    assert not lasting.is_over


@pytest.mark.parametrize(
    "cut",
    [{"topic": TOPIC}, {"user": "alice"}, {"token": "t1"}, {"topic": TOPIC, "user": "alice"}],
    ids=str,
)
def test_a_cut_ends_the_streams_it_names_on_every_worker(
    make_engine: MakeEngine, broker_url: str, cut: dict[str, str]
) -> None:
    engine = make_engine()
    other = make_engine() if broker_url else engine
    engine.start()
    ended = Reader(other, claims=Claims("alice", "t1", 0))
    kept = Reader(other, topic="constellation:b", claims=Claims("bob", "t2", 0))
    for reader in (ended, kept):
        reader.wait_for_cursor()
    wait_until(lambda: other.hub.topics["control"].position, what="the control topic to be heard")
    engine.disconnect("rights_revoked", **cut)
    ended.wait_closed("rights_revoked", timeout=3)
    assert not kept.is_over


def test_a_check_that_is_older_than_a_cut_is_made_again(engine: Engine) -> None:
    authorize_all(engine, lambda claims, topic: "rights_revoked")
    generation = engine.control.generation
    engine.disconnect("rights_revoked", topic="constellation:another")
    body = engine.open(TOPIC, ALICE, RequestSocket(), generation, engine.history(None))
    assert b"rights_revoked" in b"".join(body)
    body.close()


def test_draining_tells_everybody_and_sends_new_ones_away(engine: Engine) -> None:
    readers = [Reader(engine) for _ in range(5)]
    for reader in readers:
        reader.wait_for_cursor()
    engine.drain()
    for reader in readers:
        reader.wait_closed("shutdown")
    with pytest.raises(Overloaded, match="shutdown"):
        Reader(engine)


def test_the_cap_on_streams_is_kept(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(max_streams=2))
    first, _second = Reader(engine), Reader(engine)
    with pytest.raises(Overloaded, match="overloaded"):
        Reader(engine)
    first.wait_for_cursor()
    first.leave()
    Reader(engine).wait_for_cursor()


def test_a_stream_that_ended_leaves_nothing_behind(engine: Engine) -> None:
    for _ in range(3):
        reader = Reader(engine, claims=Claims("alice", "t", int(time()) + 3600))
        reader.wait_for_cursor()
        reader.leave()
    hub = engine.hub
    assert (hub.stream_count, hub.tokens, list(hub.subscribers())) == (0, {}, [])
    assert hub.ended["client_gone"] == 3
    wait_until(lambda: TOPIC not in hub.topics, timeout=8, what="the idle topic to be let go")


def test_what_was_published_before_a_cut_arrives_before_the_end(engine: Engine) -> None:
    reader, member = Reader(engine), Reader(engine, claims=Claims("bob", "t", 0))
    for stream in (reader, member):
        stream.wait_for_cursor()
    wait_until(lambda: engine.hub.topics["control"].position, what="the control topic to be heard")
    engine.publish_committed(TOPIC, Event("gone"))
    engine.disconnect("rights_revoked", topic=TOPIC, user="bob")
    engine.publish_committed(TOPIC, Event("not for bob"))
    member.wait_closed("rights_revoked")
    assert member.messages == ["gone"]
    reader.wait_for("gone", "not for bob")


def test_an_order_that_comes_late_spares_who_logged_in_again(engine: Engine) -> None:
    old, new = (Reader(engine, claims=Claims("alice", f"t{v}", 0, version=v)) for v in (1, 2))
    for reader in (old, new):
        reader.wait_for_cursor()
    engine.disconnect("logged_out", user="alice", version=2)
    old.wait_closed("logged_out")
    publish(engine, "still here")
    new.wait_for("still here")


def test_every_stream_is_asked_again_now_and_then(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(recheck_seconds=1))
    reasons: dict[str, str | None] = {"alice": None}
    authorize_all(engine, lambda claims, topic: reasons[claims.subject])
    reader = Reader(engine)
    reader.wait_for_cursor()
    reasons["alice"] = "logged_out"  # by a change that no order told of
    reader.wait_closed("logged_out")


def test_a_check_that_fails_cuts_nobody_off(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(recheck_seconds=1))
    asked: list[str] = []

    def authorize(claims: Claims, topic: str) -> str | None:
        asked.append(topic)
        raise RuntimeError("the database is away")

    authorize_all(engine, authorize)
    reader = Reader(engine)
    wait_until(lambda: len(asked) >= 2, what="two rounds")
    assert not reader.is_over


def test_a_round_of_checks_keeps_nothing_of_who_left(make_engine: MakeEngine) -> None:
    engine = make_engine(EngineSettings(recheck_seconds=1))
    asked, go_on = Moment(), Moment()
    authorize_all(engine, lambda claims, topic: asked.set() or go_on.wait())
    token = uuid4().hex
    readers = [Reader(engine, claims=Claims("alice", token, 0)) for _ in range(10)]
    assert asked.wait(5), "nobody was asked"
    while readers:
        readers.pop().leave()
    wait_until(lambda: count_kept(token) <= 1, 10, lambda: f"{count_kept(token)} are kept")
    go_on.set()


def count_kept(token: str) -> int:
    gc.collect()
    return sum(type(it) is Subscriber and it.claims.token == token for it in gc.get_objects())
