"""Leases in the database: one worker of the cluster holds one at a time, and another takes it after a crash.

Times are by the workers' clocks. Two workers whose clocks differ by more than the lease lasts can hold it at
once, so work under a lease must be harmless when it is done twice.
"""

from time import time

from sqlalchemy import BigInteger, String, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import affect, insert_missing, transaction
from app.extensions import db


class ClusterLease(db.Model):  # type: ignore[name-defined,misc]
    """Held by `holder` until `expires_at` (Unix milliseconds)."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[int] = mapped_column(BigInteger)


def hold(name: str, holder: str, seconds: float) -> bool:
    """Takes or renews the lease; whether `holder` has it for at least half of `seconds` from now on.

    While it needs no renewal, and while another holder has it, this is one read.
    """
    now = int(time() * 1000)
    found = db.session.execute(
        select(ClusterLease.holder, ClusterLease.expires_at).where(ClusterLease.name == name)
    ).first()
    db.session.rollback()
    due = now + (seconds * 500 if found is not None and found.holder == holder else 0)
    if found is not None and due < found.expires_at <= _latest(now, seconds):
        return bool(found.holder == holder)
    return _take(name, holder, now, int(seconds * 1000))


def release(name: str, holder: str) -> None:
    """Gives the lease up, so that another holder can take it at once. Without the lease it does nothing."""
    with transaction() as session:
        affect(
            session,
            update(ClusterLease)
            .where(ClusterLease.name == name, ClusterLease.holder == holder)
            .values(expires_at=0),
        )


def _latest(now: int, seconds: float) -> float:
    """The latest end of a valid lease, with some room for clocks that differ.

    A lease that ends later was taken before the clock was set back, and its holder may have died since.
    """
    return now + 2 * seconds * 1000


def _take(name: str, holder: str, now: int, milliseconds: int) -> bool:
    values = {"holder": holder, "expires_at": now + milliseconds}
    is_free = or_(
        ClusterLease.holder == holder,
        ClusterLease.expires_at <= now,
        ClusterLease.expires_at > _latest(now, milliseconds / 1000),
    )
    with transaction() as session:
        taken = affect(
            session, update(ClusterLease).where(ClusterLease.name == name, is_free).values(**values)
        )
        return bool(taken) or bool(insert_missing(session, ClusterLease, {"name": name, **values}))
