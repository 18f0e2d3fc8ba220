"""Sees to the unfinished tasks of this worker, and to those that nobody sees to.

One greenlet decides what is due; calls run in a bounded pool, and what waits for its turn is an entry in a
heap. A worker keeps the tasks it was given until they end: it renews all its leases with one statement. One
that stops gives them back; those of one that died end by themselves, and whoever looks first has them.
"""

import heapq
import logging
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from math import inf
from time import monotonic

import gevent
from flask import Flask
from gevent.event import Event
from gevent.pool import Pool

from app.concepts import leases
from app.concepts.held_job import QUEUED, HeldJob
from app.concepts.job_steps import JobSteps
from app.concepts.meters import TaskMeters
from app.concepts.progress import Lost
from app.extensions import Part
from app.realtime.engine import Engine

log = logging.getLogger("hub.concepts")

BATCH = 100
MOST_HELD = 2000
LOOK_SECONDS = (1.0, 2.0)
RETRY_SECONDS = (1.0, 2.0)
RENEWAL_PAUSE_SECONDS = 0.5
STOP_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class PollerLimits:
    """`call_seconds` is how long a call may take: none is begun with less of the lease left."""

    concurrency: int = 8
    lease_seconds: float = 30
    call_seconds: float = 10


class JobPoller:
    """Starts nothing before `start`, in the worker; stops once, for good. Both may be repeated.

    `make_driver` gets the name under which this worker holds its jobs.
    """

    def __init__(
        self,
        app: Flask,
        make_driver: Callable[[str], JobSteps],
        engine: Engine,
        meters: TaskMeters,
        bounds: PollerLimits,
    ) -> None:
        self.bounds = bounds
        self._app, self._make_driver = app, make_driver
        self._engine, self._meters = engine, meters
        self._worker = ""
        self._driver: JobSteps  # once it was started
        self._held: dict[str, HeldJob] = {}
        self._heap: list[tuple[float, int, HeldJob]] = []
        self._new: deque[HeldJob] = deque()
        self._ready: deque[HeldJob] = deque()
        self._is_news_turn = False
        self._numbers = count()
        self._pool = Pool(bounds.concurrency)
        self._wakeup = Event()
        self._orphans: set[str] = set()
        self._look_at = self._renew_at = 0.0
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        if self._greenlet is not None or self._is_stopped:
            return
        self._worker = self._engine.worker_id
        self._driver = self._make_driver(self._worker)
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        """Gives up what is under way and gives back what it holds, so that another worker goes on."""
        greenlet, self._greenlet, self._is_stopped = self._greenlet, None, True
        if greenlet is None:
            return
        gevent.killall([greenlet, *self._pool])
        for held in self._held.values():
            held.tell(QUEUED)
        now, most = monotonic(), self.bounds.lease_seconds
        waits = {h.concept: min(h.not_before - now, most) for h in self._held.values() if h.not_before > now}
        self._held.clear()
        self._heap.clear()
        self._new.clear()
        self._ready.clear()
        self._measure()
        try:
            with gevent.Timeout(STOP_SECONDS), self._app.app_context():
                leases.release(self._worker, waits)
        except (Exception, gevent.Timeout) as error:  # then the leases end by themselves
            log.warning("leases were not given back: %s", type(error).__name__)

    def drain(self) -> None:
        self.stop()

    # What requests hand over

    @property
    def holder(self) -> str | None:
        """Whose a new job is: this worker's, or None for whoever looks first."""
        can_hold = self._greenlet is not None and len(self._held) < MOST_HELD
        return self._worker if can_hold else None

    def hold(self, held: HeldJob) -> None:
        """Sees to a job that was written down as `holder`'s. New ones and others take turns: for the first
        step somebody may wait."""
        if self._is_stopped:
            leases.let_go(self._worker, held.concept)
            held.tell(QUEUED)
            return
        self._held[held.concept] = held
        self._new.append(held)
        self._wakeup.set()

    # The loop

    def _work(self) -> None:
        while True:
            self._wakeup.clear()
            try:
                self._renew_leases()
                self._look()
            except Exception as error:
                log.warning("the database can't be asked for tasks: %s", type(error).__name__)
                self._look_at = monotonic() + random.uniform(*RETRY_SECONDS)
            self._begin_what_is_due()
            soonest = min(self._look_at, self._renew_at, self._heap[0][0] if self._heap else inf)
            self._wakeup.wait(max(0.0, soonest - monotonic()))

    def _look(self) -> None:
        """For jobs of nobody: what other workers gave back, and what they left when they died."""
        now = monotonic()
        room = min(BATCH, MOST_HELD - len(self._held))
        if now < self._look_at:
            return
        self._look_at = now + random.uniform(*LOOK_SECONDS)
        with self._app.app_context():
            if room <= 0 or not leases.has_free(self.bounds.lease_seconds):
                return
            claimed = leases.claim(self._worker, room, self.bounds.lease_seconds)
        for job in claimed:
            held = HeldJob.of(job, now + self.bounds.lease_seconds)
            self._held[held.concept] = held
            self._ready.append(held)
        if claimed:
            log.info("tasks taken over", extra={"tasks": len(claimed)})
        if len(claimed) == room:
            self._look_at = now

    def _renew_leases(self) -> None:
        now = monotonic()
        if now < self._renew_at:
            return
        self._renew_at = now + self.bounds.lease_seconds / 3
        before = dict(self._held)
        if not before:
            return
        with self._app.app_context():
            kept = leases.renew(self._worker, self.bounds.lease_seconds)
            strangers = kept - self._held.keys()
            # Renewed with the others, and unknown here: the word of their commit never came.
            for concept in strangers & self._orphans:
                leases.let_go(self._worker, concept)
            self._orphans = strangers
        for concept, held in before.items():
            if concept in kept:
                held.leased_until = now + self.bounds.lease_seconds
            else:
                self._drop(held)

    def _begin_what_is_due(self) -> None:
        now = monotonic()
        while self._heap and self._heap[0][0] <= now:
            self._ready.append(heapq.heappop(self._heap)[2])
        while (self._new or self._ready) and self._pool.free_count():
            held = self._next()
            if self._held.get(held.concept) is not held:
                continue
            if held.leased_until - now < self.bounds.call_seconds:
                self._renew_at = min(self._renew_at, now + RENEWAL_PAUSE_SECONDS)
                self._later(held, RENEWAL_PAUSE_SECONDS)
            else:
                # The link comes after the pool's own, which frees the place.
                self._pool.spawn(self._step, held).rawlink(self._freed)
        self._measure()

    def _next(self) -> HeldJob:
        self._is_news_turn = not self._is_news_turn
        is_news = self._new and (self._is_news_turn or not self._ready)
        return (self._new if is_news else self._ready).popleft()

    def _step(self, held: HeldJob) -> None:
        try:
            with self._app.app_context():
                seconds = self._advance(held)
        except Exception as error:
            log.warning("a step of a task failed: %s", type(error).__name__, extra={"concept": held.concept})
            held.tell(QUEUED)
            seconds = random.uniform(*RETRY_SECONDS)
        if seconds is None:
            self._drop(held)
        else:
            self._later(held, seconds)

    def _freed(self, _step: object) -> None:
        self._wakeup.set()

    def _advance(self, held: HeldJob) -> float | None:
        """A job that was lost is given back, should it be this worker's after all."""
        try:
            return self._driver.advance(held)
        except Lost:
            log.warning("a task is not this worker's any more", extra={"concept": held.concept})
            leases.let_go(self._worker, held.concept)
            held.tell(QUEUED)
            return None

    def _later(self, held: HeldJob, seconds: float) -> None:
        """No later than the task's deadline, which is a step too."""
        if self._held.get(held.concept) is held:
            due = monotonic() + max(0.0, min(seconds, self._driver.time_left(held)))
            heapq.heappush(self._heap, (due, next(self._numbers), held))

    def _drop(self, held: HeldJob) -> None:
        if self._held.get(held.concept) is held:
            del self._held[held.concept]
        self._measure()

    def _measure(self) -> None:
        self._meters.held = len(self._held)
        self._meters.waiting = len(self._new) + len(self._ready)


poller_part: Part[JobPoller] = Part("concepts")
