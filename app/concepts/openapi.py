"""An advertisement's image, described by an external AI service: a long task, watched to its end."""

from app.apidocs.errors import ENVELOPE, refusal
from app.apidocs.json_schema import Object, any_object, array, nullable, one_of, text, time, uuid, whole
from app.apidocs.operation import CURSOR, PAGE, ApiResponse, Operation, Operations, json, ok, query, stream
from app.apidocs.security import ACCOUNT, COOKIE, TICKET, TOKEN
from app.concepts import schemas

TITLE = "Concepts"

ID, TASK = "8b1f0c6e-2d3a-4b5c-9e7f-6a5b4c3d2e1f", "task-4711"
AD, IMAGE = "ad-2026-11", "https://images.example.org/ad.png"
NO_CONCEPT, SOMEBODY_ELSES = "Concept not found", "This concept is somebody else's"
FOREIGN = "Origin not allowed"

STATUS = one_of("pending", "processing", "completed", "failed")
SUBMITTED = Object(
    "SubmittedConcept",
    {
        "id": uuid(ID),
        "task_id": nullable(text(TASK, "Null while the service has not got it yet")),
        "status": STATUS,
        "ad_archive_id": text(AD),
        "sse_url": text(f"/api/ad-concepts/{ID}/stream"),
    },
)
SHOWN = {
    "id": uuid(ID),
    "task_id": nullable(text(TASK)),
    "status": one_of("completed", "pending", "processing", "failed"),
    "concept_json": any_object({"title": "A red square"}, "What the service says, once it is completed"),
    "error": text("The task failed", "Once it has failed"),
}
CONCEPT = Object(
    "Concept",
    {
        **SHOWN,
        "ad_archive_id": text(AD),
        "image_url": nullable(text(IMAGE, "In lists, null for data: URLs")),
        "attempts": whole(1),
        "created_at": time(),
        "updated_at": time(),
    },
    optional=frozenset({"concept_json", "error"}),
)
KEPT = Object("ConceptFailure", {**ENVELOPE, "id": uuid(ID), "ad_archive_id": text(AD)})
EXAMPLE = f"""retry: 2576
: welcome

id: 1
event: concept-update
data: {{"id":"{ID}","task_id":"{TASK}","status":"pending"}}

"""


def failure(status: int, sentence: str) -> ApiResponse:
    return refusal(status, sentence, schema=KEPT, id=ID, ad_archive_id=AD)


OPERATIONS: Operations = {
    "concepts.create_concept": Operation(
        summary="Begin the concept of an ad's image",
        description="The same ad again answers the concept that there is, or tries it again if it failed.",
        needs=(COOKIE, ACCOUNT),
        body=json(schemas.ConceptSubmission, example={"ad_archive_id": AD, "image_url": IMAGE}),
        answers={201: ok(SUBMITTED, "Begun"), 200: ok(SUBMITTED, "Was there already")},
        errors={
            400: ("Missing required fields", "image_url: Must begin with http://, https:// or data:image/."),
            403: FOREIGN,
            502: failure(502, "The task service is unreachable"),
            504: failure(504, "The task service did not answer in time"),
        },
    ),
    "concepts.list_concepts": Operation(
        summary="One's own concepts",
        needs=(COOKIE, ACCOUNT),
        parameters=(
            query("ids", text(AD), "Of these ads only, separated by commas"),
            query("adIds", text(AD), "The same"),
            *PAGE,
        ),
        answers={200: ok(Object("Concepts", {"concepts": array(CONCEPT)}), "Oldest first")},
        errors={400: "page: Must be a whole number from 1 to 1000000000."},
    ),
    "concepts.show_concept": Operation(
        summary="A concept",
        needs=(COOKIE, ACCOUNT),
        answers={200: ok(CONCEPT)},
        errors={403: SOMEBODY_ELSES, 404: NO_CONCEPT},
    ),
    "concepts.retry_concept": Operation(
        summary="Try a failed concept again",
        needs=(COOKIE, ACCOUNT),
        answers={202: ok(CONCEPT, "Begun again")},
        errors={
            403: (SOMEBODY_ELSES, FOREIGN),
            404: NO_CONCEPT,
            409: "Only a failed concept can be tried again",
        },
    ),
    "concepts.watch_concept": Operation(
        summary="A concept as it changes",
        description="Begins with the concept as it is, and ends after `completed` or `failed`.",
        needs=(COOKIE, ACCOUNT, TICKET, TOKEN),
        parameters=(
            query("event", one_of("message"), "For unnamed events; else they are `concept-update`"),
            *CURSOR,
        ),
        answers={
            200: stream("The stream", EXAMPLE),
            204: ApiResponse(description="The reader has seen the end: it need not come back"),
        },
        errors={403: SOMEBODY_ELSES, 404: NO_CONCEPT},
    ),
}
