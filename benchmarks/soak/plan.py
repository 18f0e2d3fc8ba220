"""How much of everything. Times are seconds; rates follow from the number of streams and sockets."""

from dataclasses import dataclass

STREAMS_PER_CONSTELLATION = 50
WARM_UP_SECONDS = 180
"""After so long everything that has a bound is full, and what still grows is a leak."""


@dataclass(frozen=True)
class Plan:
    minutes: float = 10
    streams: int = 2_000
    sockets: int = 200

    @property
    def seconds(self) -> float:
        return 60 * self.minutes

    @property
    def judged_from(self) -> float:
        """The third minute; of a run that is shorter than the full one the same share."""
        return min(WARM_UP_SECONDS, 0.3 * self.seconds)

    @property
    def ramp(self) -> float:
        """Until all clients are connected."""
        return min(60.0, 0.15 * self.seconds)

    @property
    def sample_seconds(self) -> float:
        return min(5.0, self.seconds / 40)

    # Who takes part

    @property
    def constellations(self) -> int:
        return max(2, self.streams // STREAMS_PER_CONSTELLATION)

    @property
    def loud(self) -> int:
        """Constellations with large events in quick succession, where readers that stall are cut off."""
        return max(1, self.constellations // 20)

    @property
    def recipients(self) -> int:
        """Of the notification hub, with two streams each."""
        return max(2, self.streams // 40)

    @property
    def readers(self) -> int:
        """Streams of constellations."""
        return self.streams - 2 * self.recipients

    @property
    def bots(self) -> int:
        return min(4, self.sockets)

    # How often things happen, per second

    @property
    def share(self) -> float:
        """Of the full size."""
        return self.streams / Plan.streams

    def rate(self, full: float, least: float) -> float:
        return max(least, full * self.share)
