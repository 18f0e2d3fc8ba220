"""The tables of concepts: what their owners see, and the job of each unfinished concept."""

from datetime import datetime

from sqlalchemy import DateTime, Double, ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import new_uuid, now
from app.concepts.answers import ERROR_LENGTH, PENDING, TASK_ID_LENGTH
from app.extensions import db
from app.web.fields import NAME_LENGTH


class Concept(db.Model):  # type: ignore[name-defined,misc]
    """A user's concept of one ad. `version` goes up with every change that a stream shows.

    `attempts` is 1, and one more with each retry.
    """

    __tablename__ = "concepts"
    __table_args__ = (UniqueConstraint("user_uuid", "ad_archive_id", name="uq_concepts_user_uuid"),)

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    user_uuid: Mapped[str] = mapped_column(ForeignKey("users.uuid", ondelete="CASCADE"))
    ad_archive_id: Mapped[str] = mapped_column(String(NAME_LENGTH))
    image_url: Mapped[str] = mapped_column(Text)
    task_id: Mapped[str | None] = mapped_column(String(TASK_ID_LENGTH))
    status: Mapped[str] = mapped_column(String(10), default=PENDING)
    concept_json: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))
    attempts: Mapped[int] = mapped_column(Integer, default=1)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Job(db.Model):  # type: ignore[name-defined,misc]
    """The work on one attempt at a concept. It is deleted when the end of the attempt is published.

    Until `lease_until` only `holder` may work on it; without a holder, no worker may before then. Times are
    Unix seconds by the database's clock. Jobs have a small table of their own, because workers query it every
    second.
    """

    __tablename__ = "concept_jobs"

    concept_uuid: Mapped[str] = mapped_column(
        ForeignKey("concepts.uuid", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(Integer)
    holder: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[float] = mapped_column(Double, index=True)
    started_at: Mapped[float] = mapped_column(Double)
    submitted_at: Mapped[float | None] = mapped_column(Double)
    resubmissions: Mapped[int] = mapped_column(Integer, default=0)
