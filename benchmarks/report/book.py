"""The book of a run: every sample of every measure, by server. Everything shown is read from here."""

from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Measure:
    """A kind of figure: its name in the JSON, and the unit it is in."""

    key: str
    unit: str


COST = Measure("cpu_per_delivery", "µs")
USER_COST = Measure("user_cpu_per_delivery", "µs")
P50 = Measure("p50", "ms")
P99 = Measure("p99", "ms")
BURST = Measure("burst_cpu_per_delivery", "µs")
BROKER_COST = Measure("broker_cpu_per_delivery", "µs")
LOW_P99 = Measure("low_load_p99", "ms")
IDLE = Measure("idle_stream_pss", "KB")
OPENED_PER_CPU = Measure("streams_opened_per_cpu_second", "/s")
OPENED = Measure("streams_opened_per_second", "/s")
PUBLISHES = Measure("publishes_per_second", "/s")
PUBLISHES_PER_CPU = Measure("publishes_per_cpu_second", "/s")
PUSHES = Measure("pushes_per_second", "/s")
BATCHED_PER_CPU = Measure("batched_messages_per_cpu_second", "/s")
ASKED_P50 = Measure("question_p50", "ms")
ASKED_PER_CPU = Measure("questions_per_cpu_second", "/s")
RELAY_COST = Measure("cpu_per_relayed_frame", "µs")
RELAY_BURST_COST = Measure("cpu_per_relayed_frame_in_a_burst", "µs")
IDLE_SOCKET = Measure("idle_socket_pss", "KB")
FAIR_P99 = Measure("other_requests_p99", "ms")
BACKLOG = Measure("open_with_backlog", "ms")
MESSAGE_P99 = Measure("notify_to_event_p99", "ms")


def cost_at(subscribers: int) -> Measure:
    """CPU per delivery at this many subscribers, all sizes in one run of the server."""
    return Measure(f"cpu_per_delivery_at_{subscribers}", "µs")


def publish_cost(topics: int) -> Measure:
    """CPU of one publish, always to the same of `topics` topics, each with one subscriber."""
    return Measure(f"cpu_per_publish_with_{topics}_topics", "µs")


def publish_cost_at_random(topics: int) -> Measure:
    """The same, to all of them at random: nothing that was looked up a moment ago is of use."""
    return Measure(f"cpu_per_publish_at_random_with_{topics}_topics", "µs")


def notifies(recipients: int) -> Measure:
    """Calls of the notification hub's `notify`, each with `recipients` recipients."""
    return Measure(f"notifies_per_second_with_{recipients}_recipients", "/s")


@dataclass
class Book:
    """Samples by server and measure; why servers are absent; remarks; and by step, the share of the
    machine's CPU time that other processes took."""

    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: dict[str, float] = field(default_factory=dict)

    def add(self, server: str, measure: Measure, value: float) -> None:
        self.samples.setdefault(server, {}).setdefault(measure.key, []).append(value)

    def get(self, server: str, measure: Measure) -> float | None:
        """The median of the samples, None when there is none."""
        samples = self.samples.get(server, {}).get(measure.key)
        return median(samples) if samples else None

    def ratio(self, server: str, other: str, measure: Measure) -> float | None:
        """This server's figure over that of another."""
        return over(self.get(server, measure), self.get(other, measure))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def over(above: float | None, below: float | None) -> float | None:
    """A quotient, None where one side is missing or nothing can be divided by."""
    return above / below if above is not None and below else None
