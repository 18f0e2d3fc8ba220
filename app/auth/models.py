"""The tables of users, service clients and revoked tokens."""

from datetime import UTC, datetime
from uuid import uuid4

from sqlalchemy import BigInteger, Boolean, DateTime, Index, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db


def new_uuid() -> str:
    return str(uuid4())


def now() -> datetime:
    return datetime.now(UTC)


class User(db.Model):  # type: ignore[name-defined,misc]
    """A person's account. A higher `token_version` revokes every token that was issued before."""

    __tablename__ = "users"

    uuid: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_uuid)
    name: Mapped[str] = mapped_column(String(254), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    token_version: Mapped[int] = mapped_column(Integer, default=0)
    is_operator: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)

    __table_args__ = (Index("ix_users_name_lower", func.lower(name)),)


class RevokedToken(db.Model):  # type: ignore[name-defined,misc]
    """A revoked token, kept until it expires (`expires_at` in Unix seconds)."""

    __tablename__ = "revoked_tokens"

    jti: Mapped[str] = mapped_column(String(36), primary_key=True)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)


class ServiceClient(db.Model):  # type: ignore[name-defined,misc]
    """A back end. `secret_hash` is the SHA-256 of a random secret; `token_version` as with users."""

    __tablename__ = "service_clients"

    client_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    secret_hash: Mapped[str] = mapped_column(String(64))
    token_version: Mapped[int] = mapped_column(Integer, default=0)
    is_disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)


class RevokedSubscriber(db.Model):  # type: ignore[name-defined,misc]
    """Revokes the subscriber tokens of `external_id` whose version is below `valid_from`.

    Kept until `expires_at` (Unix seconds), when those tokens have expired.
    """

    __tablename__ = "revoked_subscribers"

    external_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    valid_from: Mapped[int] = mapped_column(BigInteger)
    expires_at: Mapped[int] = mapped_column(BigInteger, index=True)
