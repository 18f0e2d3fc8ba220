"""Concepts as their owners ask for them: begun, shown, tried again. job_poller.py does the work on tasks."""

from typing import Any

from sqlalchemy import Select, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth import tokens
from app.auth.models import new_uuid, now
from app.concepts import live, shapes
from app.concepts.answers import FAILED, PENDING
from app.concepts.failures import CallFailed, TimedOut
from app.concepts.held_job import HeldJob
from app.concepts.job_poller import poller_part
from app.concepts.leases import NewLease
from app.concepts.models import Concept, Job
from app.concepts.shapes import COLUMNS, ConceptState, Shape
from app.db.clock import unix_now
from app.db.session import UNSYNCHRONIZED, transaction
from app.errors import BadGateway, Conflict, Forbidden, GatewayTimeout, NotFound, Unauthorized, absent
from app.extensions import db
from app.web.identifiers import is_uuid
from app.web.paging import Page, part

NO_CONCEPT = absent("Concept")
NOT_THE_OWNER = "This concept is somebody else's"
NOT_FAILED = "Only a failed concept can be tried again"


def create(user_uuid: str, ad_archive_id: str, image_url: str) -> tuple[Shape, bool]:
    """The user's concept of the ad, and whether this call began it (also: began it again after a failure).

    Waits for the first call to the task service. When that takes long or the service is busy, the submission
    follows later, and `task_id` is null until then. Raises BadGateway or GatewayTimeout when the call failed:
    the concept is kept as failed.
    """
    poller = poller_part.current
    begun = _begin(user_uuid, ad_archive_id, image_url, poller.offer_lease())
    if begun is not None:
        db.session.remove()  # no connection is held while the service takes its time
        try:
            poller.submit(begun)
        except CallFailed as failure:
            kind = GatewayTimeout if isinstance(failure, TimedOut) else BadGateway
            raise kind(failure.reason, id=begun.concept, ad_archive_id=ad_archive_id) from failure
    found = db.session.execute(_of(user_uuid, ad_archive_id)).first()
    if found is None:  # the account was deleted meanwhile
        raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    return shapes.submission(found), begun is not None


def _begin(user_uuid: str, ad_archive_id: str, image_url: str, lease: NewLease) -> HeldJob | None:
    """The job of a new attempt; None when there is a concept that has not failed."""
    existing = db.session.execute(_of(user_uuid, ad_archive_id)).first()
    db.session.rollback()
    if existing is None:
        begun = _insert(user_uuid, ad_archive_id, image_url, lease)
        if begun is not None:
            return begun
        existing = db.session.execute(_of(user_uuid, ad_archive_id)).first()
        db.session.rollback()
        if existing is None:
            raise Unauthorized(tokens.INVALID_OR_EXPIRED)
    return _restart(existing.uuid, {"image_url": image_url}, lease) if existing.status == FAILED else None


def _insert(user_uuid: str, ad_archive_id: str, image_url: str, lease: NewLease) -> HeldJob | None:
    """None when another request was faster, or the account is deleted."""
    begun = HeldJob.of_new(new_uuid(), 1, lease)
    values = {"user_uuid": user_uuid, "ad_archive_id": ad_archive_id, "image_url": image_url}
    try:
        with transaction() as session:
            session.execute(insert(Concept).values(uuid=begun.concept, **values))
            _insert_job(session, begun, lease)
    except IntegrityError:
        return None
    return begun


def _restart(uuid: str, values: dict[str, str], lease: NewLease) -> HeldJob | None:
    """A failed concept, begun again in place; None when it has not failed."""
    fresh = {"status": PENDING, "task_id": None, "error": None, "concept_json": None, "updated_at": now()}
    with transaction() as session:
        row = session.execute(
            update(Concept)
            .where(Concept.uuid == uuid, Concept.status == FAILED)
            .values(attempts=Concept.attempts + 1, version=Concept.version + 1, **fresh, **values)
            .returning(*COLUMNS, Concept.attempts),
            execution_options=UNSYNCHRONIZED,
        ).first()
        if row is None:
            return None
        begun = HeldJob.of_new(uuid, row.attempts, lease)
        session.execute(delete(Job).where(Job.concept_uuid == uuid))
        _insert_job(session, begun, lease)
    live.publish(ConceptState.of(row))
    return begun


def _insert_job(session: Session, begun: HeldJob, lease: NewLease) -> None:
    session.execute(
        insert(Job).values(
            concept_uuid=begun.concept,
            attempt=begun.attempt,
            holder=lease.holder,
            lease_until=unix_now() + lease.seconds if lease.holder else 0.0,
            started_at=unix_now(),
        )
    )


def get(user_uuid: str, uuid: str) -> Shape:
    """Raises NotFound, Forbidden."""
    require(user_uuid, uuid)
    found = db.session.execute(_full().where(Concept.uuid == uuid)).first()
    if found is None:
        raise NotFound(NO_CONCEPT)
    return shapes.concept(found)


def list_of(user_uuid: str, ads: set[str] | None, page: Page | None) -> list[Shape]:
    """The user's concepts, oldest first; with `ads`, those of these ads."""
    query = _full(with_data=False).where(Concept.user_uuid == user_uuid)
    if ads is not None:
        query = query.where(Concept.ad_archive_id.in_(ads))
    query = query.order_by(Concept.created_at, Concept.uuid)
    return [shapes.concept(found) for found in db.session.execute(part(query, page))]


def retry(user_uuid: str, uuid: str) -> Shape:
    """A failed concept is begun again; raises NotFound, Forbidden, Conflict."""
    require(user_uuid, uuid)
    db.session.rollback()
    poller = poller_part.current
    begun = _restart(uuid, {}, poller.offer_lease())
    if begun is None:
        raise Conflict(NOT_FAILED)
    poller.hold(begun)
    return get(user_uuid, uuid)


def require(user_uuid: str, uuid: str) -> ConceptState:
    """The concept, which must be the user's own; raises NotFound (also for what is no uuid), Forbidden."""
    row = None
    if is_uuid(uuid):
        row = db.session.execute(
            select(*COLUMNS, Concept.user_uuid).where(Concept.uuid == uuid.lower())
        ).first()
    if row is None:
        raise NotFound(NO_CONCEPT)
    if row.user_uuid != user_uuid:
        raise Forbidden(NOT_THE_OWNER)
    return ConceptState.of(row)


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
