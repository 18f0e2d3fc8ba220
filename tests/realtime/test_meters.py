"""What the engine counts for /metrics, on every broker."""

import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import Broker, BrokerUnavailable, HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from tests.realtime.conftest import MakeEngine
from tests.realtime.reader import WAYS, Reader
from tests.support.process import free_port
from tests.support.wait import wait_until

TOPIC = "constellation:a"
CHUNK_BYTES = 8  # at most, around each frame here


@pytest.mark.parametrize("way", WAYS)
def test_bytes_of_open_and_of_ended_streams(
    engine: Engine, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "way", way)
    readers = [Reader(engine), Reader(engine)]
    for reader in readers:
        reader.wait_for_cursor()
    for number in range(10):
        engine.publish(TOPIC, Event(f"{number}"))
    for reader in readers:
        reader.wait_for(*map(str, range(10)))
    arrived = sum(len(chunk) for reader in readers for chunk in reader.chunks)
    written = wait_until(lambda: (size := engine.hub.written()) >= arrived and size, what="all bytes")
    assert arrived <= written <= arrived + CHUNK_BYTES * 24
    readers[0].leave()
    assert engine.hub.written() == written
    readers[1].leave()
    assert engine.hub.written() == written


@pytest.mark.parametrize(
    ("history", "cursor", "verdict"),
    [(1000, "", "resumed"), (2, "", "history_lost"), (1000, "garbage", "unknown_cursor")],
)
def test_verdicts(make_engine: MakeEngine, history: int, cursor: str, verdict: str) -> None:
    engine = make_engine(events=history)
    engine.start()
    wait_until(lambda: engine.broker.is_connected, 10, "the broker to listen")
    first = Reader(engine)
    first.wait_for_cursor()
    old = first.cursor
    first.leave()
    for _ in range(5):
        engine.publish(TOPIC, Event("missed"))
    assert not engine.meters.verdicts
    back = Reader(engine, cursor=cursor or old)
    wait_until(lambda: back.events, what="the verdict")
    assert engine.meters.verdicts == {verdict: 1}


def test_events_while_the_broker_is_away() -> None:
    """Those of committed changes wait, as many as there is room for; others are refused."""
    engine = Engine(
        make_broker(f"redis://127.0.0.1:{free_port()}/0", HistoryLimits(), "x"),
        EngineSettings(outbox_events=2),
    )
    try:
        with pytest.raises(BrokerUnavailable):
            engine.publish(TOPIC, Event("refused"))
        for number in range(5):
            engine.publish_committed(TOPIC, Event(f"{number}"))
        assert engine.outbox.dropped == 3
        assert (engine.meters.published, engine.meters.publish_failures) == (2, 1)
    finally:
        engine.stop()


def test_round_trips_are_measured(broker: Broker, broker_url: str) -> None:
    if broker_url:
        wait_until(lambda: sum(broker.round_trips.counts), 5, "a round trip")
        assert 0 < broker.lag < 5
        assert broker.round_trips.total >= broker.lag
    assert 0 <= broker.silence < 2
