"""The live updates: notifications that members send to each other."""

from app.constellations import live
from app.extensions import engine
from app.realtime.event import Event


def notify(constellation_uuid: str, text: str) -> None:
    """Publishes the text, verbatim, as the data of one event; raises BrokerUnavailable."""
    engine.publish(live.topic(constellation_uuid), Event(text))
