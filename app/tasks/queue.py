"""The queue of tasks in the database. A worker takes one by a conditional update, and for one lease.

Every function is one short transaction and needs an application context.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, select, tuple_, update

from app.auth.models import new_uuid
from app.db.clock import unix_now
from app.db.session import UNSYNCHRONIZED, transaction
from app.errors import Unavailable
from app.extensions import db
from app.tasks.models import COMPLETED, ERROR_LENGTH, FAILED, PROCESSING, Task


class Taking(NamedTuple):
    """The hold of a worker on a task: attempt `attempt` (from 1). Only its holder can settle the task."""

    uuid: str
    owner: str
    attempt: int

    def holds(self) -> ColumnElement[bool]:
        return (
            (Task.uuid == self.uuid)
            & (Task.owner == self.owner)
            & (Task.attempts == self.attempt)
            & Task.due_at.is_not(None)
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A task to do now, within `seconds_left`."""

    taking: Taking
    ad_archive_id: str
    image_url: str
    seconds_left: float


def add(ad_archive_id: str, image_url: str, deadline_seconds: float, most_unfinished: int) -> str:
    """The uuid of a new task, due at once.

    Raises Unavailable while `most_unfinished` tasks are unfinished; calls at once may exceed it by a few.
    """
    with transaction() as session:
        if (session.scalar(_count_unfinished(most_unfinished)) or 0) >= most_unfinished:
            raise Unavailable("Too many tasks are waiting, try again", headers={"Retry-After": "10"})
        uuid = new_uuid()
        session.execute(
            insert(Task).values(
                uuid=uuid,
                ad_archive_id=ad_archive_id,
                image_url=image_url,
                due_at=unix_now(),
                deadline_at=unix_now() + deadline_seconds,
            )
        )
    return uuid


def _count_unfinished(most: int) -> Any:
    unfinished = select(Task.uuid).where(Task.due_at.is_not(None)).limit(most)
    return select(func.count()).select_from(unfinished.subquery())


def has_due() -> bool:
    """Whether a task can be taken. It locks nothing, so workers may poll it."""
    return db.session.scalar(select(Task.uuid).where(Task.due_at <= unix_now()).limit(1)) is not None


def take(owner: str, most: int, lease_seconds: float) -> list[Taken]:
    """Takes up to `most` due tasks, oldest first. Until the lease ends no other owner can take them."""
    due = select(Task.uuid).where(Task.due_at <= unix_now()).order_by(Task.due_at).limit(most)
    with transaction() as session:
        chosen = session.scalars(due.with_for_update(skip_locked=True)).all()
        taken = session.execute(
            update(Task)
            .where(Task.uuid.in_(chosen), Task.due_at <= unix_now())
            .values(
                status=PROCESSING,
                owner=owner,
                attempts=Task.attempts + 1,
                due_at=unix_now() + lease_seconds,
            )
            .returning(
                Task.uuid,
                Task.attempts,
                Task.ad_archive_id,
                Task.image_url,
                (Task.deadline_at - unix_now()).label("left"),
            ),
            execution_options=UNSYNCHRONIZED,
        ).all()
    return [
        Taken(Taking(row.uuid, owner, row.attempts), row.ad_archive_id, row.image_url, row.left)
        for row in taken
    ]


def renew(takings: Collection[Taking], lease_seconds: float) -> set[Taking]:
    """Renews the leases from now on; the takings that are still held."""
    if not takings:
        return set()
    held = [(taking.uuid, taking.owner, taking.attempt) for taking in takings]
    with transaction() as session:
        renewed = session.execute(
            update(Task)
            .where(tuple_(Task.uuid, Task.owner, Task.attempts).in_(held), Task.due_at.is_not(None))
            .values(due_at=unix_now() + lease_seconds)
            .returning(Task.uuid, Task.owner, Task.attempts),
            execution_options=UNSYNCHRONIZED,
        ).all()
    return {Taking(row.uuid, row.owner or "", row.attempts) for row in renewed}


def complete(taking: Taking, concept: str) -> bool:
    """Stores the concept; False when another worker has taken the task since."""
    return _settle(taking, status=COMPLETED, concept=concept, **_finished())


def fail(taking: Taking, error: str) -> bool:
    return _settle(taking, status=FAILED, error=error[:ERROR_LENGTH], **_finished())


def postpone(taking: Taking, seconds: float) -> bool:
    """Makes the task due for any worker after `seconds`."""
    return _settle(taking, owner=None, due_at=unix_now() + seconds)


def give_back(owner: str) -> None:
    """Makes the tasks of this owner due at once, and does not count their attempts."""
    with transaction() as session:
        session.execute(
            update(Task)
            .where(Task.owner == owner, Task.due_at.is_not(None))
            .values(owner=None, due_at=unix_now(), attempts=Task.attempts - 1),
            execution_options=UNSYNCHRONIZED,
        )


def _finished() -> dict[str, Any]:
    return {"due_at": None, "image_url": "", "finished_at": unix_now()}


def _settle(taking: Taking, **values: Any) -> bool:
    with transaction() as session:
        settled = session.execute(
            update(Task).where(taking.holds()).values(**values).returning(Task.uuid),
            execution_options=UNSYNCHRONIZED,
        ).all()
    return len(settled) == 1


def delete_finished(seconds: float) -> int:
    """Deletes the tasks that finished more than `seconds` ago; returns their number."""
    with transaction() as session:
        gone = delete(Task).where(Task.finished_at < unix_now() - seconds).returning(Task.uuid)
        return len(session.execute(gone, execution_options=UNSYNCHRONIZED).all())
