"""One contract, several brokers: every test that takes `broker` or `engine` runs on memory and on Redis."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from app.realtime.broker import make_broker
from app.realtime.broker.base import Broker, HistoryLimits
from app.realtime.engine import Engine, EngineSettings
from app.realtime.event import Position
from app.realtime.topics import TopicKind
from tests.support.wait import wait_until

MakeBroker = Callable[..., Broker]
MakeEngine = Callable[..., Engine]


class Listener:
    """A receiver that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Position, bytes]] = []
        self.resets: list[tuple[str, Position]] = []
        self.interruptions = 0

    def receive(self, topic: str, position: Position, payload: bytes) -> None:
        self.heard.append((topic, position, payload))

    def topic_reset(self, topic: str, position: Position) -> None:
        self.resets.append((topic, position))

    def interrupted(self) -> None:
        self.interruptions += 1


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules that say so (`BROKERS`) run on more than the two; a mark on a test goes before."""
    marked = any("broker_url" in mark.args for mark in metafunc.definition.iter_markers("parametrize"))
    if "broker_url" in metafunc.fixturenames and not marked:
        kinds = getattr(metafunc.module, "BROKERS", ["memory", "redis"])
        metafunc.parametrize("broker_url", kinds, indirect=True)


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> str:
    """Of the servers that each session starts once; tests keep apart by their prefixes."""
    if request.param == "memory":
        return ""
    if request.param == "redis":
        return str(request.getfixturevalue("redis_url"))
    return str(request.getfixturevalue(f"{request.param}_set").url)


@pytest.fixture
def make_broker_(broker_url: str) -> Iterator[MakeBroker]:
    made: list[Broker] = []
    prefix = f"test-{uuid4().hex[:8]}"

    def make(**bounds: int) -> Broker:
        made.append(make_broker(broker_url, HistoryLimits(**bounds), prefix))
        made[-1].kinds.add(TopicKind("inbox", is_brief=True))
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def broker(make_broker_: MakeBroker, listener: Listener) -> Broker:
    return start_broker(make_broker_(), listener)


def start_broker(broker: Broker, listener: Listener) -> Broker:
    """Returns when it listens: without a connection commands fail soon, wherever the time went."""
    broker.start(listener)
    wait_until(lambda: broker.is_connected, 10, "the broker to listen")
    return broker


@pytest.fixture
def make_engine(make_broker_: MakeBroker) -> Iterator[MakeEngine]:
    made: list[Engine] = []

    def make(settings: EngineSettings | None = None, **bounds: int) -> Engine:
        made.append(Engine(make_broker_(**bounds), settings))
        return made[-1]

    yield make
    for engine in made:
        engine.stop()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()
