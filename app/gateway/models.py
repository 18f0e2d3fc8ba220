"""The table of bots: accounts of programs, which every message may mention."""

from datetime import datetime

from sqlalchemy import Boolean, DateTime, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.models import now
from app.extensions import db


class Bot(db.Model):  # type: ignore[name-defined,misc]
    """`version` goes up with each change, so that sockets opened before it can be told from newer ones."""

    __tablename__ = "bots"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    credential_hash: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=1)
    is_disabled: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
