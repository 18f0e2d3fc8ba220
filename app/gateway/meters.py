"""What the gateway of a worker counts, from fixed sets of outcomes as in `app/realtime/meters.py`."""

from collections import Counter
from dataclasses import dataclass, field

from app.extensions import Part
from app.realtime.meters import Histogram


@dataclass(slots=True)
class GatewayMeters:
    """Totals since the worker began."""

    deliveries: Counter[str] = field(default_factory=Counter)  # of pushes: delivered, partial
    replies: Counter[str] = field(default_factory=Counter)  # of requests, by how they ended
    reply_seconds: Histogram = field(default_factory=Histogram)  # from a request to its first answer
    frames_unclaimed: int = 0  # answers that no waiter was there for


gateway_meters_part: Part[GatewayMeters] = Part("gateway_meters")
