"""What a concept looks like in answers and on streams: the schema for the documents of the API, and beside it
what builds the object."""

from typing import Any, NamedTuple

import orjson

from app.apidocs.errors import ENVELOPE
from app.apidocs.json_schema import Object, any_object, array, nullable, one_of, text, time, uuid, whole
from app.concepts.answers import COMPLETED, FAILED, FINAL, PENDING, PROCESSING
from app.concepts.models import Concept
from app.web.json_provider import timestamp

Shape = dict[str, Any]

# What the examples have in common.
ID, TASK = "8b1f0c6e-2d3a-4b5c-9e7f-6a5b4c3d2e1f", "task-4711"
AD, IMAGE = "ad-2026-11", "https://images.example.org/ad.png"

OPTIONAL = frozenset({"concept_json", "error"})


# What streams show

_SHOWN = {
    "id": uuid(ID),
    "task_id": nullable(text(TASK)),
    "status": one_of(COMPLETED, PENDING, PROCESSING, FAILED),
    "concept_json": any_object({"title": "A red square"}, "What the service says, once it is completed"),
    "error": text("The task failed", "Once it has failed"),
}
UPDATE = Object("ConceptUpdate", _SHOWN, optional=OPTIONAL)
COLUMNS = (
    Concept.uuid,
    Concept.task_id,
    Concept.status,
    Concept.concept_json,
    Concept.error,
    Concept.version,
)


class ConceptState(NamedTuple):
    """What a stream shows of a concept, at one version."""

    uuid: str
    task_id: str | None
    status: str
    concept_json: str | None
    error: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> "ConceptState":
        """From a row that begins with COLUMNS."""
        return cls(*row[: len(COLUMNS)])

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @property
    def data(self) -> str:
        """`{id, task_id, status, concept_json?, error?}` as JSON."""
        return orjson.dumps(update(self)).decode()


def update(state: Any) -> Shape:
    """Of a state, or of a row with its columns."""
    shown: Shape = {"id": state.uuid, "task_id": state.task_id, "status": state.status}
    if state.concept_json is not None:
        shown["concept_json"] = orjson.Fragment(state.concept_json)
    if state.error is not None:
        shown["error"] = state.error
    return shown


# What answers show

SUBMITTED = Object(
    "SubmittedConcept",
    {
        "id": uuid(ID),
        "task_id": nullable(text(TASK, "Null while the service has not got it yet")),
        "status": one_of(PENDING, PROCESSING, COMPLETED, FAILED),
        "ad_archive_id": text(AD),
        "sse_url": text(f"/api/ad-concepts/{ID}/stream"),
    },
)
CONCEPT = Object(
    "Concept",
    {
        **_SHOWN,
        "ad_archive_id": text(AD),
        "image_url": nullable(text(IMAGE, "In lists, null for data: URLs")),
        "attempts": whole(1),
        "created_at": time(),
        "updated_at": time(),
    },
    optional=OPTIONAL,
)
CONCEPTS = Object("Concepts", {"concepts": array(CONCEPT)})
FAILED_SUBMISSION = Object("ConceptFailure", {**ENVELOPE, "id": uuid(ID), "ad_archive_id": text(AD)})
"""The error of a submission that the task service did not take: the concept is kept as failed."""


def submission(found: Any) -> Shape:
    """`{id, task_id, status, ad_archive_id, sse_url}`; `task_id` is null until the service has the task."""
    return {
        "id": found.uuid,
        "task_id": found.task_id,
        "status": found.status,
        "ad_archive_id": found.ad_archive_id,
        "sse_url": f"/api/ad-concepts/{found.uuid}/stream",
    }


def concept(found: Any) -> Shape:
    """What a stream shows, and `{ad_archive_id, image_url, attempts, created_at, updated_at}`."""
    return {
        **update(found),
        "ad_archive_id": found.ad_archive_id,
        "image_url": found.image_url,
        "attempts": found.attempts,
        "created_at": timestamp(found.created_at),
        "updated_at": timestamp(found.updated_at),
    }
