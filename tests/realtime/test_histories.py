"""Random lives of a topic: whatever happens, a reader has all events in order, or got a reset."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.realtime.broker.base import HistoryLimits
from app.realtime.broker.memory import MemoryBroker
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Event
from tests.realtime.reader import Reader
from tests.support.wait import wait_until

TOPIC = "constellation:a"

steps = st.lists(
    st.one_of(
        st.tuples(st.just("publish"), st.integers(1, 7)),
        st.tuples(st.just("drop"), st.just(0)),
        st.tuples(st.just("return"), st.just(0)),
        st.tuples(st.just("reset"), st.just(0)),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("settle"), st.just(0)),
        st.tuples(st.just("deafen"), st.integers(1, 3)),
    ),
    max_size=25,
)


class Life:
    """One client that comes and goes, and all that it ever saw."""

    def __init__(self, history: int) -> None:
        self.broker = MemoryBroker(HistoryLimits(events=history))
        self.engine = Engine(self.broker, EngineSettings(buffer_bytes=400))
        self.published = 0
        self.seen: list[int | str] = []
        self.reader: Reader | None = Reader(self.engine, TOPIC)
        self.reader.wait_for_cursor()
        self.cursor = self.reader.cursor

    def publish(self, count: int) -> None:
        for _ in range(count):
            self.published += 1
            self.engine.publish(TOPIC, Event(f"{self.published} {'x' * 30}"))

    def drop(self, _: int = 0) -> None:
        if self.reader is not None:
            self.reader.leave()
            self.cursor = self.reader.cursor
            for event in self.reader.events:
                if event.name == "message":
                    self.seen.append(int(event.data.split()[0]))
                elif event.name == "stream.reset":
                    self.seen.append("reset")
            self.reader = None

    def come_back(self, _: int = 0) -> None:
        self.drop()
        self.reader = Reader(self.engine, TOPIC, self.cursor)

    def reset(self, _: int) -> None:
        self.broker.reset(TOPIC)

    def pause(self, _: int) -> None:
        if self.reader is not None:
            self.reader.pause()

    def deafen(self, count: int) -> None:
        """The worker misses some events, as when its connection to the broker is lost."""
        self.broker.unsubscribe(TOPIC)
        self.publish(count)
        self.broker.subscribe(TOPIC)
        self.engine.hub.interrupted()

    def settle(self, _: int = 0) -> None:
        """Waits until the client has what there is; one that was cut off comes back, as EventSource does."""
        if self.reader is None:
            return
        self.reader.resume()
        top = self.broker.top(TOPIC)
        while True:
            wait_until(
                lambda: self.reader.is_over or self.reader.cursor.endswith(f"{top.epoch}.{top.offset}")
            )
            if not self.reader.is_over:
                return
            self.come_back()


# Not shrunk: each failing life waits for its deadline, and a few hundred of those would take minutes.
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(steps=steps, history=st.integers(2, 20))
def test_in_order_none_lost_none_doubled_or_told(steps: list[tuple[str, int]], history: int) -> None:
    life = Life(history)
    doings = {
        "publish": life.publish,
        "drop": life.drop,
        "return": life.come_back,
        "reset": life.reset,
        "pause": life.pause,
        "settle": life.settle,
        "deafen": life.deafen,
    }
    try:
        for doing, number in steps:
            doings[doing](number)
        life.come_back()
        life.settle()
        life.drop()
    finally:
        life.engine.stop()
    check(life.seen, life.published)


def check(seen: list[int | str], published: int) -> None:
    last, was_reset = 0, False
    for item in seen:
        if item == "reset":
            was_reset = True
            continue
        assert isinstance(item, int)
        assert item > last, f"doubled or out of order: {seen}"
        assert was_reset or item == last + 1, f"a hole without a reset: {seen}"
        last, was_reset = item, False
    assert was_reset or last == published, f"the end is missing: {seen} of {published}"
