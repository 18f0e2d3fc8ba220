"""Which worker may work on which job: leases claimed, renewed and released in the database.

Only the database's clock counts, so the workers' clocks may differ. When it jumps ahead, leases end early and
two workers may ask about a task; one result counts (progress.py). When it jumps back, a lease that ends later
than any new lease would counts as ended.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select, update

from app.concepts.models import Concept, Job
from app.db.clock import unix_now
from app.db.session import UNSYNCHRONIZED, transaction
from app.extensions import db


class NewLease(NamedTuple):
    """What a new job is stored with: `seconds` of a lease from `taken_at` (the worker's monotonic clock) on.
    Without a holder, any worker claims the job."""

    holder: str | None
    seconds: float
    taken_at: float

    @property
    def until(self) -> float:
        return self.taken_at + self.seconds if self.holder else 0.0


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker has claimed. `age` is in seconds since the attempt began, `submitted_ago` since
    the service took the task; None when it has none."""

    concept: str
    attempt: int
    status: str
    task_id: str | None
    resubmissions: int
    age: float
    submitted_ago: float | None


def _is_free(lease_seconds: float) -> ColumnElement[bool]:
    longest = unix_now() + 2 * lease_seconds
    return or_(Job.lease_until <= unix_now(), Job.lease_until > longest)


def has_free(lease_seconds: float) -> bool:
    """Whether a job can be claimed. Locks nothing, so it can be called often."""
    return db.session.scalar(select(Job.concept_uuid).where(_is_free(lease_seconds)).limit(1)) is not None


def claim(holder: str, most: int, lease_seconds: float) -> list[ClaimedJob]:
    """Gives `holder` up to `most` jobs that no worker holds, the longest waiting first."""
    free = select(Job.concept_uuid).where(_is_free(lease_seconds)).order_by(Job.lease_until).limit(most)
    with transaction() as session:
        chosen = session.scalars(free.with_for_update(skip_locked=True)).all()
        taken = session.scalars(
            update(Job)
            .where(Job.concept_uuid.in_(chosen), _is_free(lease_seconds))
            .values(holder=holder, lease_until=unix_now() + lease_seconds)
            .returning(Job.concept_uuid),
            execution_options=UNSYNCHRONIZED,
        ).all()
        rows = session.execute(
            select(
                Job.concept_uuid,
                Job.attempt,
                Concept.status,
                Concept.task_id,
                Job.resubmissions,
                unix_now() - Job.started_at,
                unix_now() - Job.submitted_at,
            )
            .join(Concept, Concept.uuid == Job.concept_uuid)
            .where(Job.concept_uuid.in_(taken))
        ).all()
    return [ClaimedJob(*row) for row in rows]


def renew(holder: str, lease_seconds: float) -> set[str]:
    """Renews all leases of `holder`; returns the concepts whose jobs it still holds."""
    with transaction() as session:
        renewed = session.scalars(
            update(Job)
            .where(Job.holder == holder)
            .values(lease_until=unix_now() + lease_seconds)
            .returning(Job.concept_uuid),
            execution_options=UNSYNCHRONIZED,
        )
        return set(renewed)


def release(holder: str, waits: dict[str, float]) -> None:
    """Releases all jobs of `holder`: they can be claimed at once, those in `waits` after their seconds."""
    with transaction() as session:
        for concept, seconds in waits.items():
            session.execute(
                update(Job)
                .where(Job.concept_uuid == concept, Job.holder == holder)
                .values(holder=None, lease_until=unix_now() + seconds),
                execution_options=UNSYNCHRONIZED,
            )
        session.execute(
            update(Job).where(Job.holder == holder).values(holder=None, lease_until=0.0),
            execution_options=UNSYNCHRONIZED,
        )


def release_one(holder: str, concept: str) -> None:
    """Releases one job, if `holder` holds it."""
    with transaction() as session:
        session.execute(
            update(Job)
            .where(Job.concept_uuid == concept, Job.holder == holder)
            .values(holder=None, lease_until=0.0),
            execution_options=UNSYNCHRONIZED,
        )
