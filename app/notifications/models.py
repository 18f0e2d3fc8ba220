"""Recipients, their groups, and messages with one delivery for each recipient."""

from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, Index, Integer, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import now
from app.extensions import db


class Recipient(db.Model):  # type: ignore[name-defined,misc]
    """A user of the calling application, which names it `external_id`. An `id` is never used twice."""

    __tablename__ = "recipients"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    external_id: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class Group(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "recipient_groups"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class GroupMember(db.Model):  # type: ignore[name-defined,misc]
    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(
        ForeignKey("recipient_groups.id", ondelete="CASCADE"), primary_key=True
    )
    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Message(db.Model):  # type: ignore[name-defined,misc]
    """`id` is a UUID of version 7, so the order of ids is the order of creation.

    `published_at` is null until the broker has taken the message for all its recipients: outbox_relay.py.
    """

    __tablename__ = "messages"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    payload: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Delivery(db.Model):  # type: ignore[name-defined,misc]
    """A message in a recipient's inbox; `read_at` is null until it is acknowledged."""

    __tablename__ = "deliveries"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("recipients.id", ondelete="CASCADE"), primary_key=True
    )
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class IdempotencyKey(db.Model):  # type: ignore[name-defined,misc]
    """The answer that a caller's key got; `digest` is the SHA-256 of the request."""

    __tablename__ = "idempotency_keys"

    caller: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(36))
    recipients: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


def _partial_index(name: str, condition: str, *columns: Any) -> None:
    """A partial index, of the rows that meet `condition`."""
    where = text(condition)
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


Index("ix_deliveries_inbox", Delivery.recipient_id, Delivery.message_id)
_partial_index("ix_deliveries_unread", "read_at IS NULL", Delivery.recipient_id, Delivery.message_id)
_partial_index("ix_deliveries_read", "read_at IS NOT NULL", Delivery.read_at)
_partial_index("ix_messages_unpublished", "published_at IS NULL", Message.created_at)
