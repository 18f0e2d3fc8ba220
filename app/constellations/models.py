"""The tables of constellations. Every foreign key cascades, so that one delete removes all that is below.

A folder or file stores its constellation, which never changes and which every check of rights needs.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import new_uuid, now
from app.extensions import db
from app.web.fields import DESCRIPTION_LENGTH, NAME_LENGTH


class Constellation(db.Model):  # type: ignore[name-defined,misc]
    """A shared workspace. Every write inside it first locks its row."""

    __tablename__ = "constellations"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    description: Mapped[str] = mapped_column(String(DESCRIPTION_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Membership(db.Model):  # type: ignore[name-defined,misc]
    """A member of a constellation; `rights` is a number of `Rights`."""

    __tablename__ = "memberships"
    __table_args__ = (CheckConstraint("rights BETWEEN 1 AND 4", name="rights"),)

    constellation_uuid: Mapped[str] = mapped_column(
        ForeignKey("constellations.uuid", ondelete="CASCADE"), primary_key=True
    )
    user_uuid: Mapped[str] = mapped_column(
        ForeignKey("users.uuid", ondelete="CASCADE"), primary_key=True, index=True
    )
    rights: Mapped[int] = mapped_column(Integer)


class Folder(db.Model):  # type: ignore[name-defined,misc]
    """A folder; the one without a parent is the constellation's root."""

    __tablename__ = "folders"
    __table_args__ = (
        Index(
            "uq_folders_root",
            "constellation_uuid",
            unique=True,
            sqlite_where=text("parent_uuid IS NULL"),
            postgresql_where=text("parent_uuid IS NULL"),
        ),
    )

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    constellation_uuid: Mapped[str] = mapped_column(
        ForeignKey("constellations.uuid", ondelete="CASCADE"), index=True
    )
    parent_uuid: Mapped[str | None] = mapped_column(
        ForeignKey("folders.uuid", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))


class File(db.Model):  # type: ignore[name-defined,misc]
    """A text file. `content` is deferred: it may be as large as a request body."""

    __tablename__ = "files"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    constellation_uuid: Mapped[str] = mapped_column(
        ForeignKey("constellations.uuid", ondelete="CASCADE"), index=True
    )
    folder_uuid: Mapped[str] = mapped_column(ForeignKey("folders.uuid", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    content: Mapped[str] = mapped_column(Text, deferred=True)


class Comment(db.Model):  # type: ignore[name-defined,misc]
    """A comment on a file, or a reply to the comment `parent_uuid`. It outlives its author's account."""

    __tablename__ = "comments"
    __table_args__ = (Index("ix_comments_file_uuid", "file_uuid", "created_at", "uuid"),)

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    file_uuid: Mapped[str] = mapped_column(ForeignKey("files.uuid", ondelete="CASCADE"))
    author_uuid: Mapped[str | None] = mapped_column(ForeignKey("users.uuid", ondelete="SET NULL"), index=True)
    parent_uuid: Mapped[str | None] = mapped_column(
        ForeignKey("comments.uuid", ondelete="CASCADE"), index=True
    )
    content: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
