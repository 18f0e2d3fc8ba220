"""Concepts as people ask for them: begun, looked at, tried again. The poller does the rest."""

import logging
from time import monotonic
from typing import Any, NamedTuple

import gevent
from gevent.event import AsyncResult
from sqlalchemy import Select, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.models import new_uuid, now
from app.concepts import live, shapes
from app.concepts.answers import FAILED, PENDING
from app.concepts.failures import CallFailed, TimedOut
from app.concepts.held_job import QUEUED, HeldJob
from app.concepts.job_poller import JobPoller, poller_part
from app.concepts.live import COLUMNS, View
from app.concepts.models import Concept, Job
from app.db.clock import unix_now
from app.db.session import transaction
from app.errors import BadGateway, Conflict, Forbidden, GatewayTimeout, NotFound, Unauthorized
from app.extensions import db
from app.web.identifiers import is_uuid
from app.web.paging import Page, part

log = logging.getLogger("hub.concepts")


class Begun(NamedTuple):
    """An attempt at a concept that was written down, and when (monotonic)."""

    uuid: str
    attempt: int
    holder: str | None
    at: float


def create(user_uuid: str, ad_archive_id: str, image_url: str) -> tuple[dict[str, Any], bool]:
    """The user's concept of the ad, and whether it was begun (or, having failed, begun again) by this.

    Waits until the task service has taken the task on, if it does so in time; else that follows later, and
    there is no `task_id` yet. Raises BadGateway or GatewayTimeout: the concept is kept as failed.
    """
    begun = _begin(user_uuid, ad_archive_id, image_url)
    if begun is not None:
        failure = _first_call(begun)
        if failure is not None and failure is not QUEUED:
            kind = GatewayTimeout if isinstance(failure, TimedOut) else BadGateway
            raise kind(failure.reason, id=begun.uuid, ad_archive_id=ad_archive_id)
    found = db.session.execute(_of(user_uuid, ad_archive_id)).first()
    if found is None:  # the account was deleted meanwhile
        raise Unauthorized("Invalid or expired token")
    return shapes.submission(found), begun is not None


def _begin(user_uuid: str, ad_archive_id: str, image_url: str) -> Begun | None:
    """A new attempt; None when there is a concept that has not failed."""
    existing = db.session.execute(_of(user_uuid, ad_archive_id)).first()
    db.session.rollback()
    if existing is None:
        begun = _insert(user_uuid, ad_archive_id, image_url)
        if begun is not None:
            return begun
        existing = db.session.execute(_of(user_uuid, ad_archive_id)).first()
        db.session.rollback()
        if existing is None:
            raise Unauthorized("Invalid or expired token")
    return _restart(existing.uuid, {"image_url": image_url}) if existing.status == FAILED else None


def _insert(user_uuid: str, ad_archive_id: str, image_url: str) -> Begun | None:
    """None when somebody else was faster, or the account is gone."""
    begun = Begun(new_uuid(), 1, _poller().holder, monotonic())
    values = {"user_uuid": user_uuid, "ad_archive_id": ad_archive_id, "image_url": image_url}
    try:
        with transaction() as session:
            session.execute(insert(Concept).values(uuid=begun.uuid, **values))
            _insert_job(session, begun)
    except IntegrityError:
        return None
    return begun


def _restart(uuid: str, values: dict[str, str]) -> Begun | None:
    """A failed concept, begun again in place; None when it is not failed any more."""
    holder, at = _poller().holder, monotonic()
    fresh = {"status": PENDING, "task_id": None, "error": None, "concept_json": None, "updated_at": now()}
    with transaction() as session:
        row = session.execute(
            update(Concept)
            .where(Concept.uuid == uuid, Concept.status == FAILED)
            .values(attempts=Concept.attempts + 1, version=Concept.version + 1, **fresh, **values)
            .returning(*COLUMNS, Concept.attempts),
            execution_options={"synchronize_session": False},
        ).first()
        if row is None:
            return None
        begun = Begun(uuid, row.attempts, holder, at)
        session.execute(delete(Job).where(Job.concept_uuid == uuid))
        _insert_job(session, begun)
    live.publish(View.of(row))
    return begun


def _insert_job(session: Session, begun: Begun) -> None:
    lease = _poller().bounds.lease_seconds
    session.execute(
        insert(Job).values(
            concept_uuid=begun.uuid,
            attempt=begun.attempt,
            holder=begun.holder,
            lease_until=unix_now() + lease if begun.holder else 0.0,
            started_at=unix_now(),
        )
    )


def _held(begun: Begun) -> HeldJob | None:
    """For this worker's poller; None when any worker's may have it."""
    if begun.holder is None:
        return None
    leased_until = begun.at + _poller().bounds.lease_seconds
    return HeldJob(begun.uuid, begun.attempt, PENDING, None, 0, begun.at, None, leased_until)


def _first_call(begun: Begun) -> CallFailed | None:
    """How the submission went: None for well, QUEUED when it is not known yet."""
    held = _held(begun)
    if held is None:
        return QUEUED
    db.session.remove()  # no connection is held while the service takes its time
    told = held.first_call = AsyncResult()
    _poller().hold(held)
    try:
        return told.get(timeout=2 * _poller().bounds.call_seconds)
    except gevent.Timeout:
        held.first_call = None  # the queue is long; from now on failures are nobody's but the poller's
        return QUEUED


def get(user_uuid: str, uuid: str) -> dict[str, Any]:
    """Raises NotFound, Forbidden."""
    require(user_uuid, uuid)
    found = db.session.execute(_full().where(Concept.uuid == uuid)).first()
    if found is None:
        raise NotFound("Concept not found")
    return shapes.concept(found)


def list_of(user_uuid: str, ads: set[str] | None, page: Page | None) -> list[dict[str, Any]]:
    """The user's concepts, oldest first; with `ads`, those of these ads."""
    query = _full(with_data=False).where(Concept.user_uuid == user_uuid)
    if ads is not None:
        query = query.where(Concept.ad_archive_id.in_(ads))
    query = query.order_by(Concept.created_at, Concept.uuid)
    return [shapes.concept(found) for found in db.session.execute(part(query, page))]


def retry(user_uuid: str, uuid: str) -> dict[str, Any]:
    """A failed concept is begun again; raises NotFound, Forbidden, Conflict."""
    require(user_uuid, uuid)
    db.session.rollback()
    begun = _restart(uuid, {})
    if begun is None:
        raise Conflict("Only a failed concept can be tried again")
    held = _held(begun)
    if held is not None:
        _poller().hold(held)
    return get(user_uuid, uuid)


def require(user_uuid: str, uuid: str) -> View:
    """The concept, which must be the user's own; raises NotFound (also for what is no uuid), Forbidden."""
    row = None
    if is_uuid(uuid):
        row = db.session.execute(
            select(*COLUMNS, Concept.user_uuid).where(Concept.uuid == uuid.lower())
        ).first()
    if row is None:
        raise NotFound("Concept not found")
    if row.user_uuid != user_uuid:
        raise Forbidden("This concept is somebody else's")
    return View.of(row)


def _full(with_data: bool = True) -> Select[*tuple[Any, ...]]:
    """All that is shown of a concept. A list leaves data: URLs out: each may be as long as a body."""
    is_data = func.substr(Concept.image_url, 1, 5) == "data:"
    image_url = Concept.image_url if with_data else case((is_data, None), else_=Concept.image_url)
    shown = (image_url.label("image_url"), Concept.attempts, Concept.created_at, Concept.updated_at)
    return select(*COLUMNS, Concept.ad_archive_id, *shown)


def _of(user_uuid: str, ad_archive_id: str) -> Select[*tuple[Any, ...]]:
    return select(Concept.uuid, Concept.task_id, Concept.status, Concept.ad_archive_id).where(
        Concept.user_uuid == user_uuid, Concept.ad_archive_id == ad_archive_id
    )


def _poller() -> JobPoller:
    return poller_part.current
