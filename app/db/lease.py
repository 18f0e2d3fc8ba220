"""Leases in the database: one worker of the cluster at a time does something, and another one after a crash.

Times are the workers' own clocks, so two workers whose clocks differ by more than a lease lasts could hold
it at once: what is done under a lease must be harmless when it is done twice.
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
    """Whether `holder` has the lease from now on for at least a half of `seconds`.

    Writes only to take or to renew it; otherwise this is one read.
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
    """Lets another one take it at once; harmless for who does not hold it."""
    with transaction() as session:
        affect(
            session,
            update(ClusterLease)
            .where(ClusterLease.name == name, ClusterLease.holder == holder)
            .values(expires_at=0),
        )


def _latest(now: int, seconds: float) -> float:
    """No lease lasts longer, with some room for clocks that differ: one that does was taken before the clock
    was set back, and its holder may be long gone."""
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
