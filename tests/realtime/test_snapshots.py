"""Streams that begin with a snapshot, and streams that no broker knows."""

from collections.abc import Iterator

import gevent
import pytest

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.claims import Claims
from app.realtime.engine import SNAPSHOTS_AT_ONCE, Engine
from app.realtime.event import Event
from app.realtime.net.takeover import RequestSocket
from app.realtime.streams import sse
from app.realtime.streams.snapshot import Finished
from tests.realtime.reader import WAYS, Reader
from tests.support.wait import wait_until

TOPIC = "inbox:alice"


class Table:
    """A table of messages; `on_read` is called between its pages."""

    def __init__(self, *messages: str) -> None:
        self.messages = list(messages)
        self.is_finished = False
        self.reads = 0

    def on_read(self) -> None:
        pass

    def read(self) -> Iterator[tuple[str, bytes]]:
        self.reads += 1
        for message in list(self.messages):
            yield message, sse.encode(message, id=message)
        self.on_read()
        if self.is_finished:
            raise Finished


def say(engine: Engine, table: Table, message: str) -> None:
    """Commits and publishes."""
    table.messages.append(message)
    engine.publish(TOPIC, Event(message, id=message))


def wait_live(reader: Reader) -> None:
    """What it shows comes before that, where it has to wait for the broker."""
    wait_until(lambda: reader.body._subscriber.position is not None, what="the stream to be live")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(Reader, "way", request.param)
    return str(request.param)


@pytest.mark.usefixtures("way")
class TestSnapshots:
    def test_the_snapshot_then_what_comes(self, engine: Engine) -> None:
        table = Table("1", "2")
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        reader.wait_for("1", "2")
        say(engine, table, "3")
        reader.wait_for("1", "2", "3")

    def test_what_is_published_while_it_is_read_comes_once(self, engine: Engine) -> None:
        table = Table("1")

        def meanwhile() -> None:
            table.on_read = lambda: None  # type: ignore[method-assign]
            say(engine, table, "2")

        table.on_read = meanwhile  # type: ignore[method-assign]
        first = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        first.wait_for("1", "2")
        # The other one reads it from the table and hears of it too.
        table.on_read = lambda: engine.publish(TOPIC, Event("2", id="2"))  # type: ignore[method-assign,assignment,return-value]
        second = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        second.wait_for("1", "2")
        table.on_read = lambda: None  # type: ignore[method-assign]
        say(engine, table, "3")
        second.wait_for("1", "2", "3")

    def test_a_finished_one_ends_without_a_word(self, engine: Engine) -> None:
        table = Table("1")
        table.is_finished = True
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        wait_until(lambda: reader.is_over, what="the end")
        reader.wait_for("1")
        assert not reader.named("stream.closed")

    def test_nothing_at_all_still_opens_the_stream(self, engine: Engine) -> None:
        table = Table()
        table.is_finished = True
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        wait_until(lambda: reader.is_over, what="the end")
        assert b"".join(reader.chunks).startswith(b"retry: ")

    def test_finish_comes_after_what_was_published(self, engine: Engine) -> None:
        table = Table("1")
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        reader.wait_for("1")
        say(engine, table, "2")
        engine.finish(TOPIC)
        wait_until(lambda: reader.is_over, what="the end")
        reader.wait_for("1", "2")
        assert not reader.named("stream.closed")

    def test_what_finishes_takes_no_belief_away(self, engine: Engine) -> None:
        generation = engine.control.generation
        engine.finish(TOPIC)
        assert engine.control.generation == generation
        engine.disconnect("deleted", topic=TOPIC)
        assert engine.control.generation > generation

    def test_finish_while_joining_comes_after_what_is_held(self, engine: Engine) -> None:
        table = Table("1")
        other = Reader(engine, TOPIC, join=engine.snapshot(Table().read))

        def meanwhile() -> None:
            engine.publish(TOPIC, Event("2", id="2"))
            engine.finish(TOPIC)
            wait_until(lambda: other.is_over, what="the order to be obeyed")

        table.on_read = meanwhile  # type: ignore[method-assign]
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        wait_until(lambda: reader.is_over, what="the end")
        reader.wait_for("1", "2")

    def test_a_lost_history_begins_again(self, engine: Engine) -> None:
        table = Table("1")
        readers = [Reader(engine, TOPIC, join=engine.snapshot(table.read)) for _ in range(3)]
        for reader in readers:
            reader.wait_for("1")
            wait_live(reader)
        table.messages.append("2")  # committed, but its event is lost with the history
        engine.broker.reset(TOPIC)
        for reader in readers:
            reader.wait_for("1", "1", "2")
        say(engine, table, "3")
        for reader in readers:
            reader.wait_for("1", "1", "2", "3")
            assert not reader.named("stream.reset")

    def test_what_was_shown_is_remembered_also_when_a_heartbeat_follows_at_once(self, engine: Engine) -> None:
        """As with a stream that waited long for the broker before it was live."""
        table = Table("1")
        reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
        reader.wait_for("1")
        wait_live(reader)
        engine.heartbeats._visit(reader.body._subscriber)
        engine.publish(TOPIC, Event("1", id="1"))
        say(engine, table, "2")
        reader.wait_for("1", "2")

    def test_a_snapshot_that_fails_sends_the_reader_away(self, engine: Engine) -> None:
        def fail() -> Iterator[tuple[str, bytes]]:
            yield "1", sse.encode("1", id="1")
            raise OSError("the database is away")

        reader = Reader(engine, TOPIC, join=engine.snapshot(fail))
        reader.wait_closed("overloaded")
        reader.wait_for("1")

    def test_the_snapshot_comes_also_while_the_broker_is_away(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(_topic: str) -> None:
            raise BrokerUnavailable("away")

        table = Table("1")
        with monkeypatch.context() as patch:
            patch.setattr(engine.broker, "subscribe", away)
            reader = Reader(engine, TOPIC, join=engine.snapshot(table.read))
            reader.wait_for("1")
            table.messages.append("2")  # its event is not heard
        reader.wait_for("1", "2")
        say(engine, table, "3")
        reader.wait_for("1", "2", "3")


def test_few_read_at_once_when_many_begin_again(engine: Engine) -> None:
    reading: list[int] = [0]

    def read() -> Iterator[tuple[str, bytes]]:
        reading.append(reading[-1] + 1)
        gevent.sleep(0.002)  # a database's answer
        reading.append(reading[-1] - 1)
        yield "1", sse.encode("1", id="1")

    names = [f"inbox:{number}" for number in range(100)]
    readers = [Reader(engine, name, join=engine.snapshot(read)) for name in names]
    for reader in readers:
        reader.wait_for("1")
        wait_live(reader)
    reading[:] = [0]
    for name in names:
        engine.broker.reset(name)
    for reader in readers:
        reader.wait_for("1", "1")
    assert max(reading) <= SNAPSHOTS_AT_ONCE


def test_a_private_stream_gets_what_is_pushed_and_says_when_it_is_over(engine: Engine) -> None:
    gone: list[str] = []
    subscriber, body = engine.private(Claims("a", "t", 0), RequestSocket(), lambda: gone.append("gone"))
    subscriber.push(sse.encode("1"))
    blocks = iter(body)
    assert next(blocks).startswith(b"retry: ")
    assert next(blocks) == sse.encode("1")
    subscriber.push(sse.encode("2"))
    subscriber.finish()
    assert list(blocks) == [sse.encode("2")]
    body.close()
    assert gone == ["gone"]
    assert engine.hub.stream_count == 0
    engine.hub.drop_idle_topics()


def test_a_private_stream_that_is_finished_before_it_began(engine: Engine) -> None:
    subscriber, body = engine.private(Claims("a", "t", 0), RequestSocket(), lambda: None)
    subscriber.push(sse.encode("1"))
    subscriber.finish()
    assert b"".join(body).endswith(sse.encode("1"))
    body.close()


def test_cuts_reach_private_streams(engine: Engine) -> None:
    _, body = engine.private(Claims("a", "t", 0), RequestSocket(), lambda: None)
    engine.disconnect("logged_out", token="t")
    assert b"".join(body).endswith(sse.closed("logged_out"))
    body.close()
