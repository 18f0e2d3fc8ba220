"""The job poller of a worker: takes the steps of the jobs that it holds, and claims jobs that are free.

One greenlet decides which jobs are due; their calls run in a bounded pool, and jobs that are not due wait in
a heap. A worker holds a job until its task ends: it renews all its leases with one statement. A worker that
stops releases its leases; those of a worker that died expire, and the first worker that looks claims the
jobs.
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
from app.concepts.held_job import HeldJob
from app.concepts.job_steps import JobSteps
from app.concepts.leases import NewLease
from app.concepts.meters import TaskMeters
from app.concepts.progress import JobLost
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
    """`call_seconds` is the longest time of a call: none begins with less of the lease left."""

    concurrency: int = 8
    lease_seconds: float = 30
    call_seconds: float = 10


class JobPoller:
    """Runs nothing until `start`, which a worker calls after the fork; `stop` is for good. Both may be called
    again.

    `make_steps` gets the name under which this worker holds its jobs.
    """

    def __init__(
        self,
        app: Flask,
        make_steps: Callable[[str], JobSteps],
        engine: Engine,
        meters: TaskMeters,
        limits: PollerLimits,
    ) -> None:
        self._limits = limits
        self._app, self._make_steps = app, make_steps
        self._engine, self._meters = engine, meters
        self._worker = ""
        self._steps: JobSteps  # set by `start`
        self._held: dict[str, HeldJob] = {}
        self._heap: list[tuple[float, int, HeldJob]] = []
        self._new: deque[HeldJob] = deque()
        self._ready: deque[HeldJob] = deque()
        self._is_new_turn = False
        self._numbers = count()
        self._pool = Pool(limits.concurrency)
        self._wakeup = Event()
        self._unknown: set[str] = set()
        self._look_at = self._renew_at = 0.0
        self._greenlet: gevent.Greenlet[..., None] | None = None
        self._is_stopped = False

    def start(self) -> None:
        if self._greenlet is not None or self._is_stopped:
            return
        self._worker = self._engine.worker_id
        self._steps = self._make_steps(self._worker)
        self._greenlet = gevent.spawn(self._work)

    def stop(self) -> None:
        """Ends the calls under way and releases all jobs, so that another worker goes on with them."""
        greenlet, self._greenlet, self._is_stopped = self._greenlet, None, True
        if greenlet is None:
            return
        gevent.killall([greenlet, *self._pool])
        for held in self._held.values():
            held.tell_requester()
        now, most = monotonic(), self._limits.lease_seconds
        waits = {h.concept: min(h.not_before - now, most) for h in self._held.values() if h.not_before > now}
        self._held.clear()
        self._heap.clear()
        self._new.clear()
        self._ready.clear()
        self._measure()
        try:
            with gevent.Timeout(STOP_SECONDS), self._app.app_context():
                leases.release(self._worker, waits)
        except (Exception, gevent.Timeout) as error:  # then the leases expire
            log.warning("leases were not released: %s", type(error).__name__)

    def drain(self) -> None:
        self.stop()

    # What requests hand over

    def offer_lease(self) -> NewLease:
        """The lease that a new job is stored with: this worker's, where it has room for the job."""
        can_hold = self._greenlet is not None and len(self._held) < MOST_HELD
        return NewLease(self._worker if can_hold else None, self._limits.lease_seconds, monotonic())

    def submit(self, held: HeldJob) -> None:
        """Holds a new job and waits for its first call. Returns when the service has the task, or when the
        submission is queued. Raises CallFailed for a failure that ended the attempt."""
        if held.is_leased:
            call = held.add_requester()
            self.hold(held)
            held.await_first_call(call, 2 * self._limits.call_seconds)

    def hold(self, held: HeldJob) -> None:
        """Takes the steps of a job that was stored with `offer_lease`. Its first step takes turns with those
        of older jobs, because a request may wait for it."""
        if not held.is_leased:
            return
        if self._is_stopped:
            leases.release_one(self._worker, held.concept)
            held.tell_requester()
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
                log.warning("the database did not answer the job poller: %s", type(error).__name__)
                self._look_at = monotonic() + random.uniform(*RETRY_SECONDS)
            self._begin_due_steps()
            soonest = min(self._look_at, self._renew_at, self._heap[0][0] if self._heap else inf)
            self._wakeup.wait(max(0.0, soonest - monotonic()))

    def _look(self) -> None:
        """Claims jobs that no worker holds: released by other workers, or left by workers that died."""
        now = monotonic()
        room = min(BATCH, MOST_HELD - len(self._held))
        if now < self._look_at:
            return
        self._look_at = now + random.uniform(*LOOK_SECONDS)
        with self._app.app_context():
            if room <= 0 or not leases.has_free(self._limits.lease_seconds):
                return
            claimed = leases.claim(self._worker, room, self._limits.lease_seconds)
        for job in claimed:
            held = HeldJob.of_claimed(job, now + self._limits.lease_seconds)
            self._held[held.concept] = held
            self._ready.append(held)
        if claimed:
            log.info("tasks claimed", extra={"tasks": len(claimed)})
        if len(claimed) == room:
            self._look_at = now

    def _renew_leases(self) -> None:
        now = monotonic()
        if now < self._renew_at:
            return
        self._renew_at = now + self._limits.lease_seconds / 3
        before = dict(self._held)
        if not before:
            return
        with self._app.app_context():
            kept = leases.renew(self._worker, self._limits.lease_seconds)
            unknown = kept - self._held.keys()
            # Stored as held by this worker and never handed over: the request did not learn of its commit.
            for concept in unknown & self._unknown:
                leases.release_one(self._worker, concept)
            self._unknown = unknown
        for concept, held in before.items():
            if concept in kept:
                held.renew(now + self._limits.lease_seconds)
            else:
                self._drop(held)

    def _begin_due_steps(self) -> None:
        now = monotonic()
        while self._heap and self._heap[0][0] <= now:
            self._ready.append(heapq.heappop(self._heap)[2])
        while (self._new or self._ready) and self._pool.free_count():
            held = self._next()
            if self._held.get(held.concept) is not held:
                continue
            if held.leased_until - now < self._limits.call_seconds:
                self._renew_at = min(self._renew_at, now + RENEWAL_PAUSE_SECONDS)
                self._schedule(held, RENEWAL_PAUSE_SECONDS)
            else:
                # The pool's own link frees the place; this one is called after it.
                self._pool.spawn(self._step, held).rawlink(self._freed)
        self._measure()

    def _next(self) -> HeldJob:
        self._is_new_turn = not self._is_new_turn
        is_new = self._new and (self._is_new_turn or not self._ready)
        return (self._new if is_new else self._ready).popleft()

    def _step(self, held: HeldJob) -> None:
        try:
            with self._app.app_context():
                seconds = self._advance(held)
        except Exception as error:
            log.warning("a step of a job failed: %s", type(error).__name__, extra={"concept": held.concept})
            held.tell_requester()
            seconds = random.uniform(*RETRY_SECONDS)
        if seconds is None:
            self._drop(held)
        else:
            self._schedule(held, seconds)

    def _freed(self, _step: object) -> None:
        self._wakeup.set()

    def _advance(self, held: HeldJob) -> float | None:
        """A lost job is released too, in case the worker still holds it."""
        try:
            return self._steps.advance(held)
        except JobLost:
            log.warning("a job was lost to another worker or deleted", extra={"concept": held.concept})
            leases.release_one(self._worker, held.concept)
            held.tell_requester()
            return None

    def _schedule(self, held: HeldJob, seconds: float) -> None:
        """Schedules the next step, at the task's deadline at the latest: the step then fails the task."""
        if self._held.get(held.concept) is held:
            due = monotonic() + max(0.0, min(seconds, self._steps.time_left(held)))
            heapq.heappush(self._heap, (due, next(self._numbers), held))

    def _drop(self, held: HeldJob) -> None:
        if self._held.get(held.concept) is held:
            del self._held[held.concept]
        self._measure()

    def _measure(self) -> None:
        self._meters.held = len(self._held)
        self._meters.waiting = len(self._new) + len(self._ready)


poller_part: Part[JobPoller] = Part("job_poller")
