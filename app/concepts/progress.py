"""Progress of a concept: the worker that holds its job stores each change and publishes it to the watchers.

A write counts only while the worker holds the job and the attempt is the current one. The job is deleted
after the last change is published: when a worker dies in between, the next one publishes it again.
"""

from typing import Any

from sqlalchemy import delete, exists, select, update

from app.auth.models import now
from app.concepts import live
from app.concepts.answers import FAILED, PENDING, PROCESSING, UNFINISHED, TaskAnswer
from app.concepts.models import Concept, Job
from app.concepts.shapes import COLUMNS, ConceptState
from app.db.clock import unix_now
from app.db.session import UNSYNCHRONIZED, transaction
from app.extensions import db


class JobLost(Exception):
    """Another worker holds the job now, or the concept is deleted."""


class Progress:
    """What one worker writes. Each call raises JobLost when the worker no longer holds the job."""

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
        self._delete_job(concept, attempt)

    def failed(self, concept: str, attempt: int, reason: str) -> None:
        self.finished(concept, attempt, TaskAnswer(FAILED, error=reason))

    def publish_again(self, concept: str, attempt: int) -> None:
        """Publishes the last change again: the worker that stored it may have died before it published."""
        row = db.session.execute(select(*COLUMNS).where(Concept.uuid == concept)).first()
        db.session.rollback()
        if row is not None:
            live.publish(ConceptState.of(row))
        self._delete_job(concept, attempt)

    def image(self, concept: str) -> tuple[str, str]:
        """`(ad_archive_id, image_url)`, to submit."""
        query = select(Concept.ad_archive_id, Concept.image_url).where(Concept.uuid == concept)
        found = db.session.execute(query).first()
        db.session.rollback()
        if found is None:
            raise JobLost
        return found.ad_archive_id, found.image_url

    def _write(
        self, concept: str, attempt: int, values: dict[str, Any], job: dict[str, Any] | None = None
    ) -> None:
        """The concept first, then the job: the order in which deleting an account deletes them."""
        mine = (Job.concept_uuid == concept, Job.holder == self._holder, Job.attempt == attempt)
        with transaction() as session:
            changed = session.execute(
                update(Concept)
                .where(Concept.uuid == concept, Concept.status.in_(UNFINISHED), exists().where(*mine))
                .values(version=Concept.version + 1, updated_at=now(), **values)
                .returning(*COLUMNS),
                execution_options=UNSYNCHRONIZED,
            ).first()
            # Updated in any case: of two workers that write at once, only one meets the row.
            touched = session.execute(
                update(Job).where(*mine).values(**(job or {"attempt": attempt})).returning(Job.attempt),
                execution_options=UNSYNCHRONIZED,
            ).first()
            if changed is None or touched is None:
                raise JobLost
        live.publish(ConceptState.of(changed))

    def _delete_job(self, concept: str, attempt: int) -> None:
        mine = (Job.concept_uuid == concept, Job.holder == self._holder, Job.attempt == attempt)
        with transaction() as session:
            session.execute(delete(Job).where(*mine), execution_options=UNSYNCHRONIZED)
