"""What a worker counts of its tasks; `/metrics` shows it."""

from collections import Counter
from dataclasses import dataclass, field

from app.concepts.breaker import CLOSED
from app.extensions import Part
from app.realtime.meters import Histogram

LONG_SECONDS = (1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the buckets of `processing_seconds`."""


@dataclass(slots=True)
class TaskMeters:
    """The first four are totals since the worker began, the others are as of now."""

    calls: Counter[str] = field(default_factory=Counter)  # to the task service, by outcome
    call_seconds: Histogram = field(default_factory=Histogram)
    finished: Counter[str] = field(default_factory=Counter)  # by status: completed, failed
    processing_seconds: Histogram = field(default_factory=lambda: Histogram(LONG_SECONDS))  # of whole tasks
    held: int = 0  # unfinished tasks whose jobs this worker holds
    waiting: int = 0  # of these, those that are due while no call is free
    breaker: str = CLOSED  # or OPEN, HALF_OPEN


task_meters_part: Part[TaskMeters] = Part("task_meters")
