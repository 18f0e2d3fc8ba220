"""Which worker may work on which job: leases claimed, renewed and given back in the database.

Only the database's clock counts, so the workers' may differ. Should that one jump ahead, leases end early and
a task may be asked about twice, of which one counts (progress.py); should it jump back, leases that would
last longer than any does are as good as ended.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, update

from app.concepts.models import Concept, Job
from app.db.clock import unix_now
from app.db.session import transaction
from app.extensions import db


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is this worker's now. `age` is seconds since the attempt began, `submitted_ago` since the
    service has the task, None when it has none."""

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
    """Whether anything can be claimed: a question that locks nothing, for those who ask all the time."""
    return db.session.scalar(select(Job.concept_uuid).where(_is_free(lease_seconds)).limit(1)) is not None


def claim(holder: str, most: int, lease_seconds: float) -> list[Claimed]:
    """Up to `most` jobs that nobody holds, longest waiting first, are `holder`'s from now on."""
    free = select(Job.concept_uuid).where(_is_free(lease_seconds)).order_by(Job.lease_until).limit(most)
    with transaction() as session:
        chosen = session.scalars(free.with_for_update(skip_locked=True)).all()
        taken = session.scalars(
            update(Job)
            .where(Job.concept_uuid.in_(chosen), _is_free(lease_seconds))
            .values(holder=holder, lease_until=unix_now() + lease_seconds)
            .returning(Job.concept_uuid),
            execution_options={"synchronize_session": False},
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
    return [Claimed(*row) for row in rows]


def renew(holder: str, lease_seconds: float) -> set[str]:
    """All leases of `holder` last from now on; the concepts whose job it still holds."""
    with transaction() as session:
        renewed = session.scalars(
            update(Job)
            .where(Job.holder == holder)
            .values(lease_until=unix_now() + lease_seconds)
            .returning(Job.concept_uuid),
            execution_options={"synchronize_session": False},
        )
        return set(renewed)


def release(holder: str, waits: dict[str, float]) -> None:
    """Gives everything back: to be claimed at once, but for those in `waits` after so many seconds."""
    with transaction() as session:
        for concept, seconds in waits.items():
            session.execute(
                update(Job)
                .where(Job.concept_uuid == concept, Job.holder == holder)
                .values(holder=None, lease_until=unix_now() + seconds),
                execution_options={"synchronize_session": False},
            )
        session.execute(
            update(Job).where(Job.holder == holder).values(holder=None, lease_until=0.0),
            execution_options={"synchronize_session": False},
        )


def let_go(holder: str, concept: str) -> None:
    """Gives one job back, if it is held by `holder` at all."""
    with transaction() as session:
        session.execute(
            update(Job)
            .where(Job.concept_uuid == concept, Job.holder == holder)
            .values(holder=None, lease_until=0.0),
            execution_options={"synchronize_session": False},
        )
