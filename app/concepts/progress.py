"""What becomes of a concept: written down by whoever holds its job, and told to those who watch.

A write counts only while the job is the worker's own and the attempt is the present one. The job outlives the
last write until that was told: a worker that dies in between leaves the telling to the next one.
"""

from typing import Any

from sqlalchemy import delete, exists, select, update

from app.auth.models import now
from app.concepts import live
from app.concepts.answers import FAILED, PENDING, PROCESSING, TaskAnswer
from app.concepts.live import COLUMNS, View
from app.concepts.models import Concept, Job
from app.db.clock import unix_now
from app.db.session import transaction
from app.extensions import db

UNFINISHED = (PENDING, PROCESSING)


class Lost(Exception):
    """The job is another worker's by now, or gone with its concept."""


class Progress:
    """What one worker writes. Each call raises Lost when it has no say any more."""

    def __init__(self, holder: str) -> None:
        self._holder = holder

    def submitted(self, concept: str, attempt: int, task_id: str) -> None:
        self._write(concept, attempt, {"task_id": task_id}, {"submitted_at": unix_now()})

    def processing(self, concept: str, attempt: int) -> None:
        self._write(concept, attempt, {"status": PROCESSING})

    def begin_again(self, concept: str, attempt: int) -> None:
        """The service lost the task: it is to be submitted once more."""
        again = {"submitted_at": None, "resubmissions": Job.resubmissions + 1}
        self._write(concept, attempt, {"status": PENDING, "task_id": None}, again)

    def finished(self, concept: str, attempt: int, answer: TaskAnswer) -> None:
        values = {"status": answer.status, "concept_json": answer.concept, "error": answer.error}
        self._write(concept, attempt, values)
        self._forget(concept, attempt)

    def failed(self, concept: str, attempt: int, reason: str) -> None:
        self.finished(concept, attempt, TaskAnswer(FAILED, error=reason))

    def tell_again(self, concept: str, attempt: int) -> None:
        """It is finished, but whoever wrote that may have died before it was told."""
        view = db.session.execute(select(*COLUMNS).where(Concept.uuid == concept)).first()
        db.session.rollback()
        if view is not None:
            live.publish(View.of(view))
        self._forget(concept, attempt)

    def image(self, concept: str) -> tuple[str, str]:
        """`(ad_archive_id, image_url)`, to submit."""
        query = select(Concept.ad_archive_id, Concept.image_url).where(Concept.uuid == concept)
        found = db.session.execute(query).first()
        db.session.rollback()
        if found is None:
            raise Lost
        return found.ad_archive_id, found.image_url

    def _write(
        self, concept: str, attempt: int, values: dict[str, Any], job: dict[str, Any] | None = None
    ) -> None:
        """The concept first, then the job: in the order in which a deleted account takes them with it."""
        mine = (Job.concept_uuid == concept, Job.holder == self._holder, Job.attempt == attempt)
        quietly = {"synchronize_session": False}
        with transaction() as session:
            changed = session.execute(
                update(Concept)
                .where(Concept.uuid == concept, Concept.status.in_(UNFINISHED), exists().where(*mine))
                .values(version=Concept.version + 1, updated_at=now(), **values)
                .returning(*COLUMNS),
                execution_options=quietly,
            ).first()
            # Touched in any case, so that two workers can't both believe that it is theirs.
            touched = session.execute(
                update(Job).where(*mine).values(**(job or {"attempt": attempt})).returning(Job.attempt),
                execution_options=quietly,
            ).first()
            if changed is None or touched is None:
                raise Lost
        live.publish(View.of(changed))

    def _forget(self, concept: str, attempt: int) -> None:
        mine = (Job.concept_uuid == concept, Job.holder == self._holder, Job.attempt == attempt)
        with transaction() as session:
            session.execute(delete(Job).where(*mine), execution_options={"synchronize_session": False})
