"""Brokers: how workers tell each other of events, and where a topic's history lives."""

from app.realtime.broker.base import Broker, HistoryLimits
from app.realtime.broker.memory import MemoryBroker
from app.realtime.broker.redis.broker import RedisBroker


def make_broker(url: str, limits: HistoryLimits, prefix: str) -> Broker:
    """Redis where a URL names one, else in this process. Connects to nothing yet."""
    return RedisBroker(url, limits, prefix) if url else MemoryBroker(limits)
