"""Publishing through an outage."""

from app.realtime.broker.base import BrokerUnavailable
from app.realtime.engine import Engine
from app.realtime.event import Event
from tests.support.wait import wait_until


def publish_when_possible(engine: Engine, topic: str, text: str, timeout: float = 10) -> None:
    """As soon as the broker is back."""

    def attempt() -> bool:
        try:
            engine.publish(topic, Event(text))
        except BrokerUnavailable:
            return False
        return True

    wait_until(attempt, timeout, "the broker to be back")
