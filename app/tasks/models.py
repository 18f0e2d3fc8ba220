"""The table of tasks. Times are Unix seconds by the database's clock, the only one that all workers share."""

from sqlalchemy import Double, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import new_uuid
from app.extensions import db

PENDING, PROCESSING, COMPLETED, FAILED = "pending", "processing", "completed", "failed"
ERROR_LENGTH = 500


class Task(db.Model):  # type: ignore[name-defined,misc]
    """One image to describe.

    From `due_at` on a worker may take it; it is None once the task is finished. The worker that takes it
    moves `due_at` by a lease, which it renews while it runs, so the task of a worker that died becomes due
    again. `owner` and `attempts` together identify one taking: an earlier owner can no longer write.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        Index(
            "ix_tasks_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    ad_archive_id: Mapped[str] = mapped_column(String(200))
    # A data: URL is as large as its image: only the worker that does the task reads it, and empties it after.
    image_url: Mapped[str] = mapped_column(Text, deferred=True)
    status: Mapped[str] = mapped_column(String(10), default=PENDING)
    concept: Mapped[str | None] = mapped_column(Text)  # JSON
    error: Mapped[str | None] = mapped_column(String(ERROR_LENGTH))
    owner: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[float | None] = mapped_column(Double)
    deadline_at: Mapped[float] = mapped_column(Double)
    finished_at: Mapped[float | None] = mapped_column(Double, index=True)
